using System.Text.Json;
using Microsoft.Extensions.Logging;
using Overlay.Daemon.CniInstall;
using Overlay.Daemon.Options;
using Overlay.Testing;

namespace Overlay.Daemon.Tests;

public sealed class CniInstallerTests : IDisposable
{
    // Two versions of a program that starts: one that a test writes itself may still be open in a child of another
    // test.
    private const string First = "/bin/true";
    private const string Second = "/bin/echo";

    private readonly TempDirectory _directory = new();
    private readonly CollectingLogger<CniInstaller> _logger = new();
    private readonly CniInstallOptions _options;
    private readonly CniInstaller _installer;

    public CniInstallerTests()
    {
        _options = new CniInstallOptions
        {
            Enabled = true,
            BinDirectory = _directory["bin"],
            ConfigDirectory = _directory["net.d"],
            Source = _directory["overlay"],
            RemoveAtStop = false,
            SubnetFile = "/run/flannel/subnet.env",
            StateDirectory = "/var/lib/cni/overlay",
            AdminSocket = "/run/overlay/overlayd.sock",
        };
        UseSource(First);
        _installer = new CniInstaller(_options, _logger);
    }

    private string Plugin => Path.Combine(_options.BinDirectory, "overlay");

    private string Conflist => Path.Combine(_options.ConfigDirectory, "10-overlay.conflist");

    [Fact]
    public void Plugin_and_configuration_are_installed_for_everybody_to_read_and_run()
    {
        _installer.Install();
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

        _logger.Warnings.ShouldHaveSingleItem().ShouldContain("has no portmap");

        // Nobody finds half a file, nor one that was on its way.
        Directory.GetFileSystemEntries(_options.BinDirectory)
            .Concat(Directory.GetFileSystemEntries(_options.ConfigDirectory)).ShouldBe([Plugin, Conflist]);
    }

    [Fact]
    public void Portmap_is_chained_where_the_host_has_it_and_what_is_elsewhere_is_named()
    {
        _ = Directory.CreateDirectory(_options.BinDirectory);
        File.WriteAllText(Path.Combine(_options.BinDirectory, "portmap"), "");
        new CniInstaller(_options with
        {
            SubnetFile = "/run/x.env",
            StateDirectory = "/srv/x",
            AdminSocket = "/run/x.sock"
        }, _logger).Install();
        JsonElement[] plugins =
            [.. JsonDocument.Parse(File.ReadAllText(Conflist)).RootElement.GetProperty("plugins").EnumerateArray()];
        plugins.Select(plugin => plugin.GetProperty("type").GetString()).ShouldBe(["overlay", "portmap"]);
        plugins[0].GetProperty("subnetFile").GetString().ShouldBe("/run/x.env");
        plugins[0].GetProperty("stateDirectory").GetString().ShouldBe("/srv/x");
        plugins[0].GetProperty("adminSocket").GetString().ShouldBe("/run/x.sock");
        plugins[1].GetProperty("capabilities").GetProperty("portMappings").GetBoolean().ShouldBeTrue();
    }

    [Fact]
    public void What_is_right_is_left_as_it_is_and_what_is_missing_or_older_is_written()
    {
        _installer.Install();
        (DateTime plugin, DateTime conflist) = (new(2001, 1, 1), new(2002, 2, 2));
        File.SetLastWriteTime(Plugin, plugin);
        File.SetLastWriteTime(Conflist, conflist);
        _installer.Install();
        File.GetLastWriteTime(Plugin).ShouldBe(plugin);
        File.GetLastWriteTime(Conflist).ShouldBe(conflist);

        UseSource(Second);
        File.Delete(Conflist);
        _installer.Install();
        IsInstalled(Second).ShouldBeTrue();
        File.Exists(Conflist).ShouldBeTrue();
    }

    [Fact]
    public void An_upgrade_lets_a_plugin_that_is_open_be()
    {
        _installer.Install();
        using FileStream running = new(Plugin, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        UseSource(Second);
        _installer.Install();
        running.Length.ShouldBe(new FileInfo(First).Length);
        IsInstalled(Second).ShouldBeTrue();
    }

    [Fact]
    public void Removal_takes_away_what_is_ours_and_leaves_what_somebody_has_changed()
    {
        string other = Path.Combine(_options.BinDirectory, "bridge");
        _installer.Install();
        File.WriteAllText(other, "");
        _installer.Remove().ShouldBeTrue();
        Directory.GetFileSystemEntries(_options.BinDirectory).ShouldBe([other]);
        Directory.GetFileSystemEntries(_options.ConfigDirectory).ShouldBeEmpty();
        _installer.Remove().ShouldBeTrue();

        // A configuration of a plugin that is missing would fail every pod.
        _installer.Install();
        File.AppendAllText(Conflist, "\n");
        _installer.Remove().ShouldBeFalse();
        File.Exists(Conflist).ShouldBeTrue();
        File.Exists(Plugin).ShouldBeTrue();
        _logger.Warnings.ShouldContain(
            warning => warning.StartsWith($"{Conflist} is not as it was installed", StringComparison.Ordinal)
            && warning.EndsWith($"rm {Conflist} {Plugin}", StringComparison.Ordinal));
    }

    [Fact]
    public void Removal_knows_its_own_again_after_an_upgrade_with_portmap_since_and_with_the_daemons_paths_changed()
    {
        _installer.Install();
        File.WriteAllText(Path.Combine(_options.BinDirectory, "portmap"), "");
        UseSource(Second);
        new CniInstaller(_options with { SubnetFile = "/run/x.env", AdminSocket = "/run/x.sock" }, _logger)
            .Remove().ShouldBeTrue();
        File.Exists(Plugin).ShouldBeFalse();
        File.Exists(Conflist).ShouldBeFalse();

        // And the other way round.
        new CniInstaller(_options with { SubnetFile = "/run/x.env", AdminSocket = "/run/x.sock" }, _logger).Install();
        File.Delete(Path.Combine(_options.BinDirectory, "portmap"));
        UseSource(First);
        _installer.Remove().ShouldBeTrue();
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
        _installer.Install();
        string path = Path.Combine(_options.ConfigDirectory, name);
        File.Delete(Conflist);
        File.WriteAllText(path, content);
        UseSource(Second);
        _installer.Upgrade();
        IsInstalled(Second).ShouldBe(calls);
        _installer.Remove().ShouldBe(!calls);
        File.Exists(Plugin).ShouldBe(calls);
        File.ReadAllText(path).ShouldBe(content);
    }

    [Fact]
    public void An_upgrade_installs_nothing_where_nothing_was_installed()
    {
        _installer.Upgrade();
        Directory.Exists(_options.BinDirectory).ShouldBeFalse();
        _installer.Install();
        string conflist = File.ReadAllText(Conflist);
        File.WriteAllText(Path.Combine(_options.BinDirectory, "portmap"), "");
        UseSource(Second);
        _installer.Upgrade();
        IsInstalled(Second).ShouldBeTrue();
        File.ReadAllText(Conflist).ShouldBe(conflist);
    }

    [Theory]
    [InlineData("/bin/dash", "Illegal option --")]
    [InlineData("/etc/passwd", "Permission denied")]
    public void A_plugin_that_does_not_start_takes_no_ones_place(string source, string reason)
    {
        _installer.Install();
        UseSource(source);
        IOException exception = Should.Throw<IOException>(_installer.Install);
        exception.Message.ShouldStartWith(
            $"Overlay:CniInstall:Source '{_options.Source}' does not start here, and is not installed");
        exception.Message.ShouldContain(reason);
        IsInstalled(First).ShouldBeTrue();
    }

    [Fact]
    public void A_configuration_is_not_written_when_the_plugin_cannot_be()
    {
        File.WriteAllText(_options.BinDirectory, "a file where a directory is to be");
        Should.Throw<IOException>(_installer.Install);
        File.Exists(Conflist).ShouldBeFalse();
    }

    [Fact]
    public void Configurations_that_runtimes_find_first_are_named_with_what_to_do()
    {
        _installer.Rivals().ShouldBeEmpty();
        _installer.Install();
        foreach (string name in new[] { "10-flannel.conflist", "05-cilium.conflist", "00-old.conflist.bak",
            "87-podman.conflist", "200-loopback.conf", "20-x.conf" })
            File.WriteAllText(Path.Combine(_options.ConfigDirectory, name), "{}");
        string[] rivals = [.. _installer.Rivals()];
        rivals.Length.ShouldBe(2);
        rivals[0].ShouldContain("05-cilium.conflist sorts before 10-overlay.conflist");
        rivals[1].ShouldContain("10-flannel.conflist sorts before 10-overlay.conflist");
        rivals[1].ShouldEndWith($"when flannel has left this node: rm {_options.ConfigDirectory}/10-flannel.conflist");
        _logger.Of(LogLevel.Information).Count.ShouldBe(2);
    }

    private void UseSource(string program)
    {
        File.Delete(_options.Source);
        _ = File.CreateSymbolicLink(_options.Source, program);
    }

    private bool IsInstalled(string program) =>
        File.ReadAllBytes(Plugin).AsSpan().SequenceEqual(File.ReadAllBytes(program));

    public void Dispose() => _directory.Dispose();
}
