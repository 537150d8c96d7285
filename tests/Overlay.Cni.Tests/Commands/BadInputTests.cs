using System.Text.Json;
using Overlay.Cni.Commands;
using Overlay.Cni.Configuration;
using Overlay.Cni.Delegation;
using Overlay.Cni.Protocol;
using Overlay.Testing;

namespace Overlay.Cni.Tests;

public sealed class BadInputTests
{
    private const string Good = """{"cniVersion":"1.0.0","name":"net","type":"overlay"}""";

    [Theory]
    [InlineData("", "", "", "", "", "CNI_COMMAND is missing")]
    [InlineData("PUT", "", "", "", "", "CNI_COMMAND 'PUT'")]
    [InlineData("ADD", "", "", "", "", "CNI_CONTAINERID is missing; CNI_NETNS is missing; CNI_IFNAME is missing")]
    [InlineData("CHECK", "", "/x", "eth0", "", "CNI_CONTAINERID is missing")]
    [InlineData("DEL", "", "", "", "", "CNI_CONTAINERID is missing; CNI_IFNAME is missing")]
    [InlineData("ADD", "../x", "/x", "eth0", "", "CNI_CONTAINERID '../x'")]
    [InlineData("ADD", "a", "/x", "eth0:1", "", "CNI_IFNAME 'eth0:1'")]
    [InlineData("ADD", "a", "/x", "sixteencharacter", "", "CNI_IFNAME 'sixteencharacter'")]
    [InlineData("ADD", "a", "/x", "..", "", "CNI_IFNAME '..'")]
    [InlineData("ADD", "a", "/x", "eth0", "IP", "CNI_ARGS 'IP' is not KEY=VALUE")]
    [InlineData("ADD", "a", "/x", "eth0", "IP=10.1", "CNI_ARGS IP '10.1'")]
    [InlineData("ADD", "a", "/x", "eth0", "MAC=02:00", "CNI_ARGS MAC '02:00'")]
    [InlineData("ADD", "a", "/x", "eth0", "MAC=01:00:5e:00:00:01", "CNI_ARGS MAC '01:00:5e:00:00:01'")]
    [InlineData("ADD", "a", "/x", "eth0", "FOO=1;BAR=2", "unknown keys FOO, BAR")]
    public void Bad_variables_are_all_named(
        string command, string id, string path, string name, string arguments, string message)
    {
        using JsonDocument error = Fail(Good, command, id, path, name, arguments);
        error.RootElement.GetProperty("code").GetInt32().ShouldBe(4);
        error.RootElement.GetProperty("msg").GetString().ShouldNotBeNull().ShouldContain(message);
    }

    [Theory]
    [InlineData("", 6, "not JSON")]
    [InlineData("{", 6, "not JSON")]
    [InlineData("[]", 6, "not a JSON object")]
    [InlineData("""{"cniVersion":"9.0.0","name":"net"}""", 1, "cniVersion '9.0.0' is not supported; supported are 0.1.0, 0.2.0")]
    [InlineData("""{"cniVersion":1,"name":"net"}""", 7, "cniVersion: 1 is not valid")]
    [InlineData("""{"cniVersion":"1.0.0"}""", 7, "name: ''")]
    [InlineData("""{"name":"../x"}""", 7, "name: '../x'")]
    [InlineData("""{"name":"\ud800"}""", 7, "name: \"\\ud800\" is not valid")]
    [InlineData("""{"\ud800\ud800":1,"name":"net"}""", 6, "a key beside it is no text")]
    [InlineData("""{"name":"net","subnetFile":"\u0000"}""", 7, "subnetFile: \"\\u0000\" is not valid")]
    [InlineData("""{"name":"net","mtu":"1450"}""", 7, "mtu: \"1450\" is not valid; example: 1450")]
    [InlineData("""{"name":"net","mtu":70000}""", 7, "mtu: 70000")]
    [InlineData("""{"name":"net","hairpinMode":"yes"}""", 7, "hairpinMode: \"yes\"")]
    [InlineData("""{"name":"net","bridge":"a/b"}""", 7, "bridge: 'a/b'")]
    [InlineData("""{"name":"net","ipam":[]}""", 7, "ipam: []")]
    [InlineData("""{"name":"net","ipam":{"type":"../dhcp"}}""", 7, "ipam.type: '../dhcp'")]
    [InlineData("""{"name":"net","ipam":{"ranges":[{"subnet":"10.1.0.0/24"}]}}""", 7, "ipam.ranges: {")]
    [InlineData("""{"name":"net","ipam":{"ranges":[[{"subnet":"10.1.0.7/24"}]]}}""", 7, "10.1.0.0/24 (without host bits)")]
    [InlineData("""{"name":"net","ipam":{"ranges":[[{"subnet":"10.1.0.0/31"}]]}}""", 7, "too small")]
    [InlineData("""{"name":"net","ipam":{"subnet":"10.1.0.0/24","ranges":[[{"subnet":"10.1.0.0/16"}]]}}""", 7, "overlap")]
    [InlineData("""{"name":"net","ipam":{"routes":[{"dst":"x"}]}}""", 7, "ipam.routes[0].dst: \"x\"")]
    [InlineData("""{"name":"net","mac":"01:00:5e:00:00:01"}""", 7, "mac: '01:00:5e:00:00:01'")]
    [InlineData("""{"name":"net","runtimeConfig":{"ips":["x"]}}""", 7, "runtimeConfig.ips: 'x'")]
    [InlineData("""{"name":"net","delegate":{"name":"x"}}""", 7, "delegate.name: is not allowed")]
    [InlineData("""{"name":"net","delegate":{"ipam":{}}}""", 7, "delegate.ipam: is not allowed")]
    [InlineData("""{"name":"net","delegate":{"type":"ptp"}}""", 7, "delegate.type: 'ptp' is not supported")]
    [InlineData("""{"name":"net","subnetFile":"/nonexistent/subnet.env"}""", 11, "/nonexistent/subnet.env does not exist: overlayd writes it")]
    public void A_bad_configuration_is_named(string configuration, int code, string message)
    {
        using JsonDocument error = Fail(configuration, "ADD", "a", "/x", "eth0", "");
        error.RootElement.GetProperty("msg").GetString().ShouldNotBeNull().ShouldContain(message);
        error.RootElement.GetProperty("code").GetInt32().ShouldBe(code);
    }

    [Theory]
    [InlineData("FLANNEL_MTU=1450", "FLANNEL_SUBNET or FLANNEL_IPV6_SUBNET")]
    [InlineData("FLANNEL_NETWORK=10.244.0.0/16\nFLANNEL_SUBNET=10.244.1.1/24", "FLANNEL_MTU")]
    [InlineData("FLANNEL_SUBNET=10.244.1.1/24\nFLANNEL_MTU=1450", "FLANNEL_NETWORK")]
    [InlineData("FLANNEL_NETWORK=10.244.0.0/16\nFLANNEL_SUBNET=x\nFLANNEL_MTU=1450", "FLANNEL_SUBNET: 'x'")]
    public void A_subnet_file_that_is_not_complete_is_a_reason_to_try_again(string content, string message)
    {
        using PluginDirectory directory = new();
        File.WriteAllText(directory.SubnetFile, content);
        CniException exception = Should.Throw<CniException>(() => SubnetEnvironment.Read(directory.SubnetFile));
        exception.Code.ShouldBe(CniErrorCode.TryAgainLater);
        exception.Message.ShouldContain(message);
        exception.Message.ShouldContain(directory.SubnetFile);
    }

    [Theory]
    [InlineData("CHECK", "0.3.1")]
    [InlineData("STATUS", "1.0.0")]
    [InlineData("GC", "1.0.0")]
    public void A_command_of_a_later_version_is_refused(string command, string version)
    {
        using JsonDocument error = Fail($$"""{"cniVersion":"{{version}}","name":"net"}""", command, "a", "/x", "eth0", "");
        error.RootElement.GetProperty("code").GetInt32().ShouldBe(1);
        error.RootElement.GetProperty("cniVersion").GetString().ShouldBe(version);
        error.RootElement.GetProperty("msg").GetString().ShouldNotBeNull().ShouldContain(command);
    }

    [Theory]
    [InlineData("""{"cniVersion":"0.4.0"}""", "0.4.0")]
    [InlineData("""{"cniVersion":"9.9.9"}""", "1.1.0")]
    [InlineData("", "0.1.0")]
    public void VERSION_names_all_versions(string configuration, string version)
    {
        (int exitCode, string output) = Plugin.Run(configuration, ("CNI_COMMAND", "VERSION"));
        exitCode.ShouldBe(0);
        output.ShouldBe($$"""{"cniVersion":"{{version}}","supportedVersions":["0.1.0","0.2.0","0.3.0","0.3.1","0.4.0","1.0.0","1.1.0"]}""" + "\n");
    }

    /// <summary>Values and keys alike: the reader of JSON looks at neither before somebody asks.</summary>
    [Theory]
    [InlineData("{\"name\":\"net\",\"mtu\":\"?\"}")]
    [InlineData("{\"name\":\"net\",\"????\":1}")]
    public void A_configuration_that_is_no_UTF8_is_refused(string configuration)
    {
        byte[] text = [.. configuration.Select(static c => c == '?' ? (byte)0xff : (byte)c)];
        using JsonDocument error = Fail(text, "ADD", "a", "/x", "eth0", "");
        error.RootElement.GetProperty("code").GetInt32().ShouldBe(6);
        error.RootElement.GetProperty("msg").GetString()
            .ShouldBe("the network configuration on stdin is not UTF-8 text");
    }

    [Theory]
    [InlineData(1024 * 1024, "cniVersion '9.0.0' is not supported")]
    [InlineData((1024 * 1024) + 1, "the network configuration on stdin has more than 1048576 bytes")]
    public void Standard_input_has_a_bound(int length, string message)
    {
        using JsonDocument error =
            Fail("""{"cniVersion":"9.0.0","name":"net"}""".PadRight(length), "ADD", "a", "/x", "eth0", "");
        error.RootElement.GetProperty("msg").GetString().ShouldNotBeNull().ShouldContain(message);
    }

    [Theory]
    [InlineData(64, "subnet.env does not exist")]
    [InlineData(65, "not JSON")]
    public void A_configuration_and_its_prevResult_have_64_levels_at_most(int levels, string message)
    {
        string nested = new string('[', levels - 2) + new string(']', levels - 2);
        using JsonDocument error = Fail(
            $$"""{"name":"net","subnetFile":"/nonexistent/subnet.env","prevResult":{"x":{{nested}} } }""", "ADD", "a",
            "/x", "eth0", "");
        error.RootElement.GetProperty("msg").GetString().ShouldNotBeNull().ShouldContain(message);
    }

    [Fact]
    public void A_resolv_conf_has_a_bound()
    {
        using PluginDirectory directory = new();
        string path = Path.Combine(directory.Path, "resolv.conf");
        File.WriteAllText(path, "nameserver 192.0.2.1\n#".PadRight(64 * 1024, 'x'));
        ResolvConf.Read(path).Nameservers.ShouldBe(["192.0.2.1"]);
        File.AppendAllText(path, "x");
        Should.Throw<IOException>(() => ResolvConf.Read(path)).Message
            .ShouldBe($"{path} has 65537 bytes, more than the 65536 that a resolv.conf may have");
    }

    [Fact]
    public void The_answer_of_another_plugin_has_a_bound()
    {
        using PluginDirectory directory = new();
        Answer(1024 * 1024, "exit").Length.ShouldBe(1024 * 1024);

        // A delegate that answers too much need not end by itself.
        Should.Throw<CniException>(() => Answer((1024 * 1024) + 1, "exec sleep 20")).Message
            .ShouldBe($"{directory.Path}/long ADD answers with more than 1048576 characters, and was ended");

        string Answer(int length, string end)
        {
            string plugin = Path.Combine(directory.Path, "long");
            ShellScript.Write(plugin, $"#!/bin/sh\ncat >/dev/null\nhead -c {length} /dev/zero\n{end}\n");
            return DelegatePlugin.Find("long", [directory.Path]).Run("ADD", []);
        }
    }

    // In this process: a table of dozens of starts would take its time.
    private static JsonDocument Fail(
        string configuration, string command, string id, string path, string name, string arguments) =>
        Fail(System.Text.Encoding.UTF8.GetBytes(configuration), command, id, path, name, arguments);

    private static JsonDocument Fail(
        byte[] configuration, string command, string id, string path, string name, string arguments)
    {
        Dictionary<string, string> variables = new()
        {
            ["CNI_COMMAND"] = command,
            ["CNI_CONTAINERID"] = id,
            ["CNI_NETNS"] = path,
            ["CNI_IFNAME"] = name,
            ["CNI_ARGS"] = arguments,
        };
        using MemoryStream output = new();
        using MemoryStream input = new(configuration);
        new CniCall(variables.GetValueOrDefault, input, output).Run().ShouldBe(1);
        return JsonDocument.Parse(output.ToArray());
    }
}
