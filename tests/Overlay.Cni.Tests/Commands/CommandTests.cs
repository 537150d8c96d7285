using System.Net.Sockets;

namespace Overlay.Cni.Tests;

/// <summary>Commands of the executable where no pod's namespace is needed.</summary>
public sealed class CommandTests : IDisposable
{
    private const string Answer = """{"cniVersion":"1.1.0","ips":[{"address":"10.9.0.7/24","gateway":"10.9.0.1"}]}""";

    private readonly PluginDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void An_ADD_that_fails_leaves_no_address_and_no_record()
    {
        (int exitCode, string output) = Plugin.Run("ADD", HostLocal("1.0.0"));
        exitCode.ShouldBe(1);
        output.ShouldContain("\"code\":");
        _directory.Allocations("net").ShouldBeEmpty();
        _directory.RecordFiles().ShouldBeEmpty();
    }

    [Fact]
    public void A_resolv_conf_that_is_not_there_fails_before_an_address_is_taken()
    {
        string configuration = HostLocal("1.0.0")
            .Replace("\"ranges\"", "\"resolvConf\":\"/nonexistent/resolv.conf\",\"ranges\"", StringComparison.Ordinal);
        Plugin.Run("ADD", configuration).Output.ShouldContain("/nonexistent/resolv.conf");
        _directory.Allocations("net").ShouldBeEmpty();
        _directory.RecordFiles().ShouldBeEmpty();
    }

    [Fact]
    public void Another_IPAM_plugin_is_told_to_delete_what_a_failed_ADD_has_taken()
    {
        _directory.AddPlugin("other", $"cat > {_directory.Path}/stdin\n[ $CNI_COMMAND != ADD ] || echo '{Answer}'");
        string configuration = Other("1.0.0");
        Plugin.Run("ADD", configuration, _directory.Path).ExitCode.ShouldBe(1);
        _directory.Calls().ShouldBe(["ADD", "DEL"]);
        File.ReadAllText($"{_directory.Path}/stdin").ShouldBe(configuration);
        _directory.RecordFiles().ShouldBeEmpty();
    }

    [Fact]
    public void What_another_IPAM_plugin_says_is_passed_on()
    {
        _directory.AddPlugin("other", """[ $CNI_COMMAND = DEL ] || { echo '{"code":11,"msg":"no lease","details":"yet"}'; exit 1; }""");
        (int exitCode, string output) = Plugin.Run("ADD", Other("1.0.0"), _directory.Path);
        exitCode.ShouldBe(1);
        output.ShouldContain("\"code\":11");
        output.ShouldContain("no lease");
        _directory.Calls().ShouldBe(["ADD", "DEL"]);
        _directory.RecordFiles().ShouldBeEmpty();
    }

    [Fact]
    public void A_plugin_that_is_not_there_is_named_with_the_place_it_was_looked_for()
    {
        string output = Plugin.Run("ADD", Other("1.0.0"), _directory.Path).Output;
        output.ShouldContain("plugin other is not in CNI_PATH");
        output.ShouldContain(_directory.Path);
    }

    [Fact]
    public void DEL_frees_what_the_attachment_has_and_can_be_repeated()
    {
        Directory.CreateDirectory($"{_directory.Path}/net");
        File.WriteAllText($"{_directory.Path}/net/10.1.0.2", "abc\r\neth0");
        File.WriteAllText($"{_directory.Path}/net/10.1.0.3", "def\r\neth0");
        for (int i = 0; i < 2; i++)
        {
            Plugin.Run("DEL", HostLocal("1.0.0")).ShouldBe((0, ""));
            _directory.Allocations("net").Keys.ShouldBe(["10.1.0.3"]);
        }
    }

    [Theory]
    [InlineData("net", false)]
    [InlineData("another", true)]
    public void DEL_removes_the_file_of_flannels_plugin_where_it_is_of_this_network(string name, bool stays)
    {
        Directory.CreateDirectory($"{_directory.Path}/flannel");
        File.WriteAllText($"{_directory.Path}/flannel/abc", $$"""{"name":"{{name}}","type":"bridge"}""");
        Plugin.Run("DEL", $$$"""{{{{_directory.Keys}}}"cniVersion":"1.0.0","name":"net","type":"overlay","ipam":{"type":"host-local","dataDir":"{{{_directory.Path}}}"} }""")
            .ShouldBe((0, ""));
        File.Exists($"{_directory.Path}/flannel/abc").ShouldBe(stays);
    }

    [Fact]
    public void DEL_of_a_pod_of_flannels_plugin_removes_that_plugins_file()
    {
        Directory.CreateDirectory($"{_directory.Path}/flannel");
        File.WriteAllText($"{_directory.Path}/flannel/abc", "{}");
        Plugin.Run("DEL", $$$"""{{{{_directory.Keys}}}"cniVersion":"0.3.1","name":"net","type":"flannel","delegate":{},"ipam":{"dataDir":"{{{_directory.Path}}}"} }""")
            .ShouldBe((0, ""));
        File.Exists($"{_directory.Path}/flannel/abc").ShouldBeFalse();
    }

    [Fact]
    public void GC_removes_what_the_runtime_does_not_list_and_leaves_other_networks()
    {
        Directory.CreateDirectory($"{_directory.Path}/net");
        foreach ((string address, string holder) in new[] { ("10.1.0.2", "live\r\neth0"), ("10.1.0.3", "gone\r\neth0"),
            ("10.1.0.4", "live\r\nnet1"), ("10.1.0.5", "old") })
            File.WriteAllText($"{_directory.Path}/net/{address}", holder);
        Directory.CreateDirectory(_directory.Records);
        foreach ((string network, string id) in new[] { ("net", "live"), ("net", "gone"), ("net", "lost"),
            ("second", "gone") })
        {
            File.WriteAllText($"{_directory.Records}/{network}:{id}:eth0.json", $$"""
                {"network":"{{network}}","containerId":"{{id}}","ifname":"eth0","netns":"/x","hostInterface":"ov000000000000","ipam":"host-local","ipamDirectory":"{{_directory.Path}}","time":"2026-01-01T00:00:00Z"}
                """);
        }

        Plugin.Run("GC", HostLocal("1.1.0",
            "\"cni.dev/valid-attachments\":[{\"containerID\":\"live\",\"ifname\":\"eth0\"}],")).ShouldBe((0, ""));
        _directory.Allocations("net").Keys.ShouldBe(["10.1.0.2"]);
        _directory.RecordFiles().ShouldBe(["net:live:eth0.json", "second:gone:eth0.json"], ignoreOrder: true);

        Plugin.Run("GC", HostLocal("1.1.0", "\"cni.dev/attachments\":null,")).ShouldBe((0, ""));
        _directory.Allocations("net").ShouldBeEmpty();
        _directory.RecordFiles().ShouldBe(["second:gone:eth0.json"]);
    }

    [Theory]
    [InlineData("\"cni.dev/valid-attachments\":null,")]
    [InlineData("\"cni.dev/valid-attachments\":null,\"cni.dev/attachments\":null,")]
    public void GC_takes_a_list_that_is_null_for_an_empty_one(string list)
    {
        Directory.CreateDirectory($"{_directory.Path}/net");
        File.WriteAllText($"{_directory.Path}/net/10.1.0.2", "gone\r\neth0");
        Plugin.Run("GC", HostLocal("1.1.0", list)).ShouldBe((0, ""));
        _directory.Allocations("net").ShouldBeEmpty();
    }

    [Theory]
    [InlineData("/victim")]
    [InlineData("../victim")]
    public void GC_frees_an_address_whose_holder_is_a_path_and_leaves_that_path(string holder)
    {
        string victim = Path.Combine(_directory.Path, "victim");
        File.WriteAllText(victim, "{}");
        Directory.CreateDirectory($"{_directory.Path}/flannel");
        Directory.CreateDirectory($"{_directory.Path}/net");
        File.WriteAllText($"{_directory.Path}/net/10.1.0.2", (holder[0] == '/' ? victim : holder) + "\r\neth0");
        Plugin.Run("GC", HostLocal("1.1.0", "\"cni.dev/valid-attachments\":[],")).ShouldBe((0, ""));
        _directory.Allocations("net").ShouldBeEmpty();
        File.Exists(victim).ShouldBeTrue();
    }

    [Fact]
    public void GC_refuses_a_record_whose_names_are_paths()
    {
        Directory.CreateDirectory(_directory.Records);

        // An absolute path as network makes the record's own name and the directory of its addresses.
        File.WriteAllText($"{_directory.Records}/net:gone:eth0.json", $$"""
            {"network":"{{_directory.Records}}/net","containerId":"gone","ifname":"eth0","netns":"/x","hostInterface":"ov000000000000","ipam":"host-local","ipamDirectory":"","time":"2026-01-01T00:00:00Z"}
            """);
        (int exitCode, string output) = Plugin.Run("GC", HostLocal("1.1.0", "\"cni.dev/valid-attachments\":[],"));
        exitCode.ShouldBe(1);
        output.ShouldContain("is no identifier");
        _directory.RecordFiles().ShouldBe(["net:gone:eth0.json"]);
    }

    [Fact]
    public void GC_without_a_list_removes_nothing_and_an_error_does_not_keep_the_rest()
    {
        Directory.CreateDirectory($"{_directory.Path}/net");
        File.WriteAllText($"{_directory.Path}/net/10.1.0.2", "gone\r\neth0");
        Plugin.Run("GC", HostLocal("1.1.0")).Output.ShouldContain("cni.dev/valid-attachments is missing");
        _directory.Allocations("net").Count.ShouldBe(1);

        Directory.CreateDirectory(_directory.Records);
        File.WriteAllText($"{_directory.Records}/broken.json", "{");
        (int exitCode, string output) = Plugin.Run("GC", HostLocal("1.1.0", "\"cni.dev/valid-attachments\":[],"));
        exitCode.ShouldBe(1);
        output.ShouldContain("broken.json");
        _directory.Allocations("net").ShouldBeEmpty();
    }

    [Fact]
    public void GC_and_STATUS_are_passed_on_to_another_IPAM_plugin()
    {
        _directory.AddPlugin("other", """[ $CNI_COMMAND != STATUS ] || { echo '{"code":51,"msg":"limited"}'; exit 1; }""");
        using StandinDaemon daemon = _directory.Listen();
        Plugin.Run("STATUS", Other("1.1.0"), _directory.Path).Output.ShouldContain("\"code\":51");
        Plugin.Run("GC", Other("1.1.0", "\"cni.dev/valid-attachments\":[],"), _directory.Path).ShouldBe((0, ""));
        _directory.Calls().ShouldBe(["STATUS", "GC"]);
    }

    [Fact]
    public void A_state_directory_that_cannot_be_is_an_input_or_output_error()
    {
        File.WriteAllText(_directory.Records, "");
        (int exitCode, string output) = Plugin.Run("ADD", HostLocal("1.0.0"));
        exitCode.ShouldBe(1);
        output.ShouldContain("\"code\":5,");
        output.ShouldContain(_directory.Records);
        _directory.Allocations("net").ShouldBeEmpty();
    }

    private string HostLocal(string version, string keys = "") =>
        $$$"""{{{{_directory.Keys}}}{{{keys}}}"cniVersion":"{{{version}}}","name":"net","type":"overlay","ipam":{"type":"host-local","dataDir":"{{{_directory.Path}}}","ranges":[[{"subnet":"10.1.0.0/29"}]]} }""";

    private string Other(string version, string keys = "") =>
        $$$"""{{{{_directory.Keys}}}{{{keys}}}"cniVersion":"{{{version}}}","name":"net","type":"overlay","ipam":{"type":"other"} }""";
}
