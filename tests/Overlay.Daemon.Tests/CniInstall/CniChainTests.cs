using System.Text.Json;
using Microsoft.Extensions.Logging;
using Overlay.Daemon.CniInstall;
using Overlay.Testing;

namespace Overlay.Daemon.Tests;

/// <summary>An installation beside other plugins, and beside files that others have written.</summary>
public sealed class CniChainTests : CniInstallScene
{
    [Fact]
    public void Portmap_is_chained_where_the_host_has_it_and_what_is_elsewhere_is_named()
    {
        UsePortmap(ReferencePortmap);
        new CniInstaller(Options with
        {
            SubnetFile = "/run/x.env",
            StateDirectory = "/srv/x",
            AdminSocket = "/run/x.sock"
        }, Logger).Install();
        JsonElement[] plugins =
            [.. JsonDocument.Parse(File.ReadAllText(Conflist)).RootElement.GetProperty("plugins").EnumerateArray()];
        plugins.Select(plugin => plugin.GetProperty("type").GetString()).ShouldBe(["overlay", "portmap"]);
        plugins[0].GetProperty("subnetFile").GetString().ShouldBe("/run/x.env");
        plugins[0].GetProperty("stateDirectory").GetString().ShouldBe("/srv/x");
        plugins[0].GetProperty("adminSocket").GetString().ShouldBe("/run/x.sock");
        plugins[1].GetProperty("capabilities").GetProperty("portMappings").GetBoolean().ShouldBeTrue();
    }

    [Fact]
    public void Only_versions_that_portmap_knows_are_offered_also_where_an_earlier_release_offered_more()
    {
        UsePortmap(ReferencePortmap);
        _ = Directory.CreateDirectory(Options.ConfigDirectory);
        File.WriteAllBytes(Conflist, CniConflist.Format(Options, new CniChain(true, CniChain.OfPlugin)));
        Installer.Problems().ShouldHaveSingleItem()
            .ShouldStartWith($"{Conflist} offers version 1.1.0 of CNI, which {Portmap} refuses");
        Installer.Upgrade();
        Versions().ShouldBe(["1.0.0", "0.3.1", "0.4.0", "1.0.0"]);
        Installer.Problems().ShouldBeEmpty();
        Logger.Warnings.ShouldBeEmpty();
    }

    [Fact]
    public void A_portmap_that_does_not_answer_is_called_by_the_versions_of_old()
    {
        UsePortmap("/bin/false");
        Installer.Install();
        Versions().ShouldBe(["0.4.0", "0.3.1", "0.4.0"]);
        Installer.Install();
        Logger.Warnings.ShouldHaveSingleItem().ShouldStartWith($"{Portmap} does not say which versions");
        File.Delete(Portmap);
        File.WriteAllText(Portmap, "no program");
        Installer.Install();
        Versions().ShouldBe(["1.0.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"]);
    }

    [Fact]
    public void A_plugin_of_the_chain_that_fails_STATUS_is_named_and_asked_with_its_own_configuration()
    {
        _ = Directory.CreateDirectory(Options.BinDirectory);
        string seen = Path.Combine(Options.BinDirectory, "seen");
        string answer = Path.Combine(Options.BinDirectory, "answer");
        ShellScript.Write(Portmap, $$"""
            #!/bin/sh
            if [ $CNI_COMMAND = VERSION ]; then echo '{"supportedVersions":["1.0.0","1.1.0"]}'; exit; fi
            { echo $CNI_COMMAND; cat; } >{{seen}}
            cat {{answer}} && exit 1 || exit 0
            """);
        Installer.Install();
        Installer.Unwell().ShouldBeEmpty();
        string[] question = File.ReadAllLines(seen);
        question[0].ShouldBe("STATUS");
        JsonElement configuration = JsonDocument.Parse(question[1]).RootElement;
        configuration.GetProperty("cniVersion").GetString().ShouldBe("1.1.0");
        configuration.GetProperty("name").GetString().ShouldBe("cbr0");
        configuration.GetProperty("capabilities").GetProperty("portMappings").GetBoolean().ShouldBeTrue();

        File.WriteAllText(answer, """{"cniVersion":"1.1.0","code":50,"msg":"no iptables"}""");
        Installer.Unwell().ShouldBeEmpty("it is asked once a minute");
        new CniInstaller(Options, Logger).Unwell().ShouldHaveSingleItem().ShouldStartWith(
            $"{Portmap}, which {Conflist} calls behind overlay, fails the command STATUS when overlayd calls it "
            + "(code 50: no iptables)");
    }

    [Fact]
    public void A_portmap_of_before_STATUS_is_not_asked_for_it()
    {
        UsePortmap(ReferencePortmap);
        Installer.Install();
        Installer.Unwell().ShouldBeEmpty();
    }

    [Theory]
    [InlineData("""{ "name": "cbr0", "cniVersion": "1.0.0", "plugins": [ { "type": "overlay" }, { "type": "istio-cni" } ] }""", null)]
    [InlineData("""{ "name": "cbr0", "cniVersion": "1.0.0", "plugins": [ { "type": "bridge" } ] }""", "does not call overlay")]
    public void A_configuration_that_others_have_changed_stays(string content, string? warning)
    {
        Installer.Install();
        File.WriteAllText(Conflist, content);
        Installer.Install();
        Installer.Install();
        File.ReadAllText(Conflist).ShouldBe(content);
        Logger.Of(LogLevel.Information)
            .Where(static line => line.Contains("stays so", StringComparison.Ordinal)).ShouldHaveSingleItem();
        if (warning is null) Installer.Warnings().ShouldBeEmpty();
        else Installer.Warnings().ShouldHaveSingleItem().ShouldContain(warning);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{ \"plugins\": [")]
    [InlineData("{ \"plugins\": null }")]
    [InlineData("{ \"plugins\": [ { \"type\": \"\\ud800\" } ] }")]
    public void What_no_runtime_could_go_by_is_written_anew(string content)
    {
        Installer.Install();
        string installed = File.ReadAllText(Conflist);
        File.WriteAllText(Conflist, content);
        Installer.Warnings().ShouldBeEmpty();
        Installer.Install();
        File.ReadAllText(Conflist).ShouldBe(installed);
    }

    [Fact]
    public void A_loopback_is_installed_and_kept_up_to_date_where_the_host_has_none_of_its_own()
    {
        Installer.Install();
        File.ReadAllBytes(Loopback).ShouldBe(File.ReadAllBytes(First));
        UseSource(Second);
        Installer.Install();
        File.ReadAllBytes(Loopback).ShouldBe(File.ReadAllBytes(Second));
        Installer.Remove().ShouldBeTrue();
        File.Exists(Loopback).ShouldBeFalse();

        File.WriteAllText(Loopback, "of another");
        Installer.Install();
        Installer.Remove().ShouldBeTrue();
        File.ReadAllText(Loopback).ShouldBe("of another");

        // A link that leads nowhere for now is somebody's too.
        File.Delete(Loopback);
        _ = File.CreateSymbolicLink(Loopback, "/nowhere/loopback");
        Installer.Install();
        new FileInfo(Loopback).LinkTarget.ShouldBe("/nowhere/loopback");
    }

    [Fact]
    public void The_loopback_stays_for_another_network()
    {
        Installer.Install();
        File.WriteAllText(
            Path.Combine(Options.ConfigDirectory, "20-own.conf"), """{ "name": "x", "type": "bridge" }""");
        Installer.Remove().ShouldBeTrue();
        File.Exists(Plugin).ShouldBeFalse();
        File.Exists(Loopback).ShouldBeTrue();
    }

    // The one version, and the list.
    private string[] Versions()
    {
        JsonElement root = JsonDocument.Parse(File.ReadAllText(Conflist)).RootElement;
        return
        [
            root.GetProperty("cniVersion").GetString()!,
            .. root.GetProperty("cniVersions").EnumerateArray().Select(static version => version.GetString()!),
        ];
    }
}
