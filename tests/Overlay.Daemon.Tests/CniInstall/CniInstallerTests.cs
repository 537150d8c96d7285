using System.Text.Json;
using Microsoft.Extensions.Logging;
using Overlay.Daemon.CniInstall;

namespace Overlay.Daemon.Tests;

public sealed class CniInstallerTests : CniInstallScene
{
    [Fact]
    public void Plugin_and_configuration_are_installed_for_everybody_to_read_and_run()
    {
        Installer.Install();
        IsInstalled(First).ShouldBeTrue();
        File.GetUnixFileMode(Plugin).ShouldBe((UnixFileMode)0b111_101_101);
        File.GetUnixFileMode(Conflist).ShouldBe((UnixFileMode)0b110_100_100);
        JsonElement root = JsonDocument.Parse(File.ReadAllText(Conflist)).RootElement;
        root.GetProperty("cniVersion").GetString().ShouldBe("1.0.0");
        root.GetProperty("cniVersions")
            .EnumerateArray().Select(version => version.GetString()).ShouldBe(["0.3.1", "0.4.0", "1.0.0", "1.1.0"]);
        root.GetProperty("name").GetString().ShouldBe("cbr0");
        JsonElement plugin = root.GetProperty("plugins").EnumerateArray().ShouldHaveSingleItem();
        plugin.GetRawText().ReplaceLineEndings("").Replace(" ", "").ShouldBe("""{"type":"overlay"}""");

        Logger.Warnings.ShouldHaveSingleItem().ShouldContain("has no portmap");

        // Nobody finds half a file, nor one that was on its way.
        Directory.GetFileSystemEntries(Options.BinDirectory)
            .Concat(Directory.GetFileSystemEntries(Options.ConfigDirectory))
            .ShouldBe([Loopback, Plugin, Conflist], ignoreOrder: true);
    }

    [Fact]
    public void What_is_right_is_left_as_it_is_and_what_is_missing_or_older_is_written()
    {
        Installer.Install();
        (DateTime plugin, DateTime conflist) = (new(2001, 1, 1), new(2002, 2, 2));
        File.SetLastWriteTime(Plugin, plugin);
        File.SetLastWriteTime(Conflist, conflist);
        Installer.Install();
        File.GetLastWriteTime(Plugin).ShouldBe(plugin);
        File.GetLastWriteTime(Conflist).ShouldBe(conflist);

        UseSource(Second);
        File.Delete(Conflist);
        Installer.Install();
        IsInstalled(Second).ShouldBeTrue();
        File.Exists(Conflist).ShouldBeTrue();
    }

    [Fact]
    public void An_upgrade_lets_a_plugin_that_is_open_be()
    {
        Installer.Install();
        using FileStream running = new(Plugin, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        UseSource(Second);
        Installer.Install();
        running.Length.ShouldBe(new FileInfo(First).Length);
        IsInstalled(Second).ShouldBeTrue();
    }

    [Fact]
    public void Removal_takes_away_what_is_ours_and_leaves_what_somebody_has_changed()
    {
        string other = Path.Combine(Options.BinDirectory, "bridge");
        Installer.Install();
        File.WriteAllText(other, "");
        Installer.Remove().ShouldBeTrue();
        Directory.GetFileSystemEntries(Options.BinDirectory).ShouldBe([other]);
        Directory.GetFileSystemEntries(Options.ConfigDirectory).ShouldBeEmpty();
        Installer.Remove().ShouldBeTrue();

        // A configuration of a plugin that is missing would fail every pod.
        Installer.Install();
        File.AppendAllText(Conflist, "\n");
        Installer.Remove().ShouldBeFalse();
        File.Exists(Conflist).ShouldBeTrue();
        File.Exists(Plugin).ShouldBeTrue();
        Logger.Warnings.ShouldContain(
            warning => warning.StartsWith($"{Conflist} is not as it was installed", StringComparison.Ordinal)
            && warning.EndsWith($"rm {Conflist} {Plugin}", StringComparison.Ordinal));
    }

    [Fact]
    public void Removal_knows_its_own_again_after_an_upgrade_with_portmap_since_and_with_the_daemons_paths_changed()
    {
        Installer.Install();
        UsePortmap(ReferencePortmap);
        UseSource(Second);
        new CniInstaller(Options with { SubnetFile = "/run/x.env", AdminSocket = "/run/x.sock" }, Logger)
            .Remove().ShouldBeTrue();
        File.Exists(Plugin).ShouldBeFalse();
        File.Exists(Conflist).ShouldBeFalse();

        // And the other way round.
        new CniInstaller(Options with { SubnetFile = "/run/x.env", AdminSocket = "/run/x.sock" }, Logger).Install();
        File.Delete(Path.Combine(Options.BinDirectory, "portmap"));
        UseSource(First);
        Installer.Remove().ShouldBeTrue();
        File.Exists(Plugin).ShouldBeFalse();
        File.Exists(Conflist).ShouldBeFalse();
    }

    [Theory]
    [InlineData("20-own.conf", """{ "name": "x", "type": "overlay" }""", true)]
    [InlineData("00-multus.conf", """{ "type": "multus", "delegates": [ { "name": "cbr0", "plugins": [ { "type": "overlay" } ] } ] }""", true)]
    [InlineData("10-overlay.conflist", """{ "name": "cbr0", "plugins": """, true)]
    [InlineData("20-own.conf", """{ "name": "overlay", "name": "overlay", "type": "bridge" }""", false)]
    [InlineData("20-own.conf", "overlay", false)]
    [InlineData("20-own.conf.bak", """{ "name": "x", "type": "overlay" }""", false)]
    public void The_plugin_is_upgraded_and_kept_as_long_as_a_configuration_calls_it(
        string name, string content, bool calls)
    {
        Installer.Install();
        string path = Path.Combine(Options.ConfigDirectory, name);
        File.Delete(Conflist);
        File.WriteAllText(path, content);
        UseSource(Second);
        Installer.Upgrade();
        IsInstalled(Second).ShouldBe(calls);
        Installer.Remove().ShouldBe(!calls);
        File.Exists(Plugin).ShouldBe(calls);
        File.ReadAllText(path).ShouldBe(content);
    }

    [Fact]
    public void An_upgrade_installs_nothing_where_nothing_was_installed()
    {
        Installer.Upgrade();
        Directory.Exists(Options.BinDirectory).ShouldBeFalse();
        Installer.Install();
        string conflist = File.ReadAllText(Conflist);
        UsePortmap(ReferencePortmap);
        UseSource(Second);
        Installer.Upgrade();
        IsInstalled(Second).ShouldBeTrue();
        File.ReadAllText(Conflist).ShouldBe(conflist);
    }

    [Theory]
    [InlineData("/bin/dash", "Illegal option --")]
    [InlineData("/etc/passwd", "Permission denied")]
    public void A_plugin_that_does_not_start_takes_no_ones_place(string source, string reason)
    {
        Installer.Install();
        UseSource(source);
        IOException exception = Should.Throw<IOException>(Installer.Install);
        exception.Message.ShouldStartWith(
            $"Overlay:CniInstall:Source '{Options.Source}' does not start here, and is not installed");
        exception.Message.ShouldContain(reason);
        IsInstalled(First).ShouldBeTrue();
    }

    [Fact]
    public void A_configuration_is_not_written_when_the_plugin_cannot_be()
    {
        File.WriteAllText(Options.BinDirectory, "a file where a directory is to be");
        Should.Throw<IOException>(Installer.Install);
        File.Exists(Conflist).ShouldBeFalse();
    }

    [Fact]
    public void Configurations_that_runtimes_find_first_are_named_with_what_to_do()
    {
        Installer.Warnings().ShouldBeEmpty();
        Installer.Install();
        foreach (string name in new[] { "10-flannel.conflist", "05-cilium.conflist", "00-old.conflist.bak",
            "87-podman.conflist", "200-loopback.conf", "20-x.conf" })
            File.WriteAllText(Path.Combine(Options.ConfigDirectory, name), "{}");
        string[] rivals = [.. Installer.Warnings()];
        rivals.Length.ShouldBe(2);
        rivals[0].ShouldContain("05-cilium.conflist sorts before 10-overlay.conflist");
        rivals[1].ShouldContain("10-flannel.conflist sorts before 10-overlay.conflist");
        rivals[1].ShouldEndWith($"when flannel has left this node: rm {Options.ConfigDirectory}/10-flannel.conflist");
        Logger.Of(LogLevel.Information).Count.ShouldBe(3);
    }

    private bool IsInstalled(string program) =>
        File.ReadAllBytes(Plugin).AsSpan().SequenceEqual(File.ReadAllBytes(program));
}
