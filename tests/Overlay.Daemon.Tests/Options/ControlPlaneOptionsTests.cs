using Microsoft.Extensions.Configuration;
using Overlay.ControlPlane.Sources.Etcd.Client;
using Overlay.Daemon.Options;

namespace Overlay.Daemon.Tests;

public sealed class ControlPlaneOptionsTests : IDisposable
{
    private readonly string _file = Path.GetTempFileName();

    [Fact]
    public void Etcd_needs_no_network_and_no_pod_cidr_and_has_flannels_defaults()
    {
        OverlayOptions options = Etcd();
        options.Subnet.ShouldBeNull();
        options.Network.Given.ShouldBe(NetworkKeys.None);
        options.ControlPlane.Kind.ShouldBe(ControlPlaneKind.Etcd);
        options.ControlPlane.Hold.ShouldBe(TimeSpan.FromSeconds(60));
        options.ControlPlane.Etcd.Endpoints.ShouldBe([new Uri("http://127.0.0.1:2379")]);
        options.ControlPlane.Etcd.Prefix.ShouldBe("/coreos.com/network");
        options.ControlPlane.Etcd.RenewMargin.ShouldBe(TimeSpan.FromMinutes(60));
        options.ControlPlane.Etcd.Username.ShouldBeNull();
        options.ControlPlane.GivesNetwork.ShouldBeTrue();
    }

    [Fact]
    public void Every_key_of_etcd_is_read()
    {
        EtcdOptions etcd = Etcd(
            ("Endpoints:0", "https://192.0.2.1:2379"), ("Endpoints:1", "http://[2001:db8::1]:2379"),
            ("Prefix", "/my/net/"), ("CaFile", _file), ("CertFile", _file), ("KeyFile", _file), ("Username", "overlay"),
            ("Password", "secret"),
            ("RenewMarginMinutes", "1439")).ControlPlane.Etcd;
        etcd.Endpoints.Select(endpoint => endpoint.Host).ShouldBe(["192.0.2.1", "[2001:db8::1]"]);
        etcd.Prefix.ShouldBe("/my/net");
        (etcd.CaFile, etcd.CertFile, etcd.KeyFile, etcd.Username, etcd.Password)
            .ShouldBe((_file, _file, _file, "overlay", "secret"));
        etcd.RenewMargin.ShouldBe(TimeSpan.FromMinutes(1439));
    }

    [Theory]
    [InlineData("Endpoints", "http://127.0.0.1:2379", "must be a list")]
    [InlineData("Endpoints:0", "127.0.0.1:2379", "http")]
    [InlineData("Endpoints:0", "unix:///run/etcd", "http")]
    [InlineData("Prefix", "coreos.com/network", "slash")]
    [InlineData("Prefix", "/", "slash")]
    [InlineData("CaFile", "ca.pem", "absolute")]
    [InlineData("CaFile", "/nonexistent/ca.pem", "does not exist")]
    [InlineData("RenewMarginMinutes", "0", "from 1 to 1439")]
    [InlineData("RenewMarginMinutes", "1440", "from 1 to 1439")]
    public void A_bad_value_of_etcd_is_named_where_etcd_is_used(string key, string value, string named)
    {
        string fault = Should.Throw<ConfigurationException>(() => Etcd((key, value))).Faults.ShouldHaveSingleItem();
        fault.ShouldStartWith($"Overlay:ControlPlane:Etcd:{key} '{value}' ");
        fault.ShouldContain(named);
        fault.ShouldContain("; example: ");
        _ = TestOptions.With(($"ControlPlane:Etcd:{key}", value));
    }

    [Theory]
    [InlineData("CertFile", "KeyFile")]
    [InlineData("KeyFile", "CertFile")]
    [InlineData("Username", "Password")]
    [InlineData("Password", "Username")]
    public void One_of_two_that_belong_together_is_not_enough(string given, string missing)
    {
        string fault = Should.Throw<ConfigurationException>(() => Etcd((given, _file))).Faults.ShouldHaveSingleItem();
        fault.ShouldStartWith($"Overlay:ControlPlane:Etcd:{missing} '' ");
        fault.ShouldContain(given);
    }

    [Fact]
    public void Kubernetes_takes_the_network_from_its_section_or_from_net_conf()
    {
        OverlayOptions options = TestOptions.With(
            ("ControlPlane:Kind", "kubernetes"), ("Subnet", ""), ("ControlPlane:Kubernetes:Kubeconfig", _file),
            ("ControlPlane:Kubernetes:ApiServer", "https://192.0.2.10:6443"),
            ("ControlPlane:Kubernetes:AnnotationPrefix", "example.com/blue"));
        options.ControlPlane.Kubernetes.Kubeconfig.ShouldBe(_file);
        options.ControlPlane.Kubernetes.ApiServer.ShouldBe("https://192.0.2.10:6443");
        options.ControlPlane.Kubernetes.AnnotationPrefix.ShouldBe("example.com/blue");
        options.ControlPlane.GivesNetwork.ShouldBeFalse();

        Should.Throw<ConfigurationException>(
            () => TestOptions.With(("ControlPlane:Kind", "Kubernetes"), ("Subnet", ""), ("Network:Cidr", "")))
            .Message.ShouldContain("Overlay:Network:Cidr ''");
        TestOptions.With(("ControlPlane:Kind", "Kubernetes"), ("Subnet", ""), ("Network:Cidr", ""),
            ("ControlPlane:Kubernetes:NetConf", _file))
            .ControlPlane.GivesNetwork.ShouldBeTrue();
    }

    [Theory]
    [InlineData("Kubeconfig", "/nonexistent/config")]
    [InlineData("ApiServer", "192.0.2.10:6443")]
    [InlineData("AnnotationPrefix", "Not.A.Name")]
    [InlineData("AnnotationPrefix", "example.com/a/b")]
    [InlineData("AnnotationPrefix", "example")]
    [InlineData("NetConf", "net-conf.json")]
    public void A_bad_value_of_kubernetes_is_named_where_kubernetes_is_used(string key, string value)
    {
        Should.Throw<ConfigurationException>(() => TestOptions.With(
            ("ControlPlane:Kind", "Kubernetes"), ("Subnet", ""), ($"ControlPlane:Kubernetes:{key}", value)))
            .Faults.ShouldHaveSingleItem().ShouldStartWith($"Overlay:ControlPlane:Kubernetes:{key} '{value}' ");
        _ = TestOptions.With(($"ControlPlane:Kubernetes:{key}", value));
    }

    [Fact]
    public void A_name_as_long_as_Kubernetes_has_them_is_refused_only_where_files_are_named_by_it()
    {
        string name = new('a', 253);
        Should.Throw<ConfigurationException>(() => TestOptions.With(("NodeName", name))).Faults.ShouldHaveSingleItem()
            .ShouldStartWith($"Overlay:NodeName '{name}' is longer");
        TestOptions.With(
            ("NodeName", name), ("ControlPlane:Kind", "Kubernetes"), ("Subnet", "")).NodeName.ShouldBe(name);
        _ = Should.Throw<ConfigurationException>(
            () => TestOptions.With(("NodeName", name + "a"), ("ControlPlane:Kind", "Kubernetes"), ("Subnet", "")));
    }

    [Theory]
    [InlineData("Kubernetes", "node-a.example.com")]
    [InlineData("Etcd", "Node-A.example.com")]
    public void The_hosts_name_is_taken_in_lower_case_with_Kubernetes_as_kubelet_takes_it(string kind, string name)
    {
        ReadingState state = new() { HostName = "Node-A.example.com" };
        OverlayOptions options = OverlayOptionsReader.Read(new ConfigurationBuilder().AddInMemoryCollection(
            new Dictionary<string, string?> { ["Overlay:ControlPlane:Kind"] = kind }).Build(), state);
        state.Faults.ShouldBeEmpty();
        options.NodeName.ShouldBe(name);
        options.ControlPlane.Kubernetes.NodeName.ShouldBe("node-a.example.com");
    }

    [Fact]
    public void A_configured_name_with_capitals_is_refused_with_Kubernetes_and_taken_elsewhere()
    {
        Should.Throw<ConfigurationException>(() => TestOptions.With(
            ("NodeName", "Node-A"), ("ControlPlane:Kind", "Kubernetes"), ("Subnet", ""))).Faults.ShouldHaveSingleItem()
            .ShouldBe("Overlay:NodeName 'Node-A' has capitals, and no Node of Kubernetes has any in its name; "
                + "example: node-a");
        TestOptions.With(("NodeName", "Node-A")).NodeName.ShouldBe("Node-A");
    }

    [Theory]
    [InlineData("ControlPlane:Etcd:Endpoint", "x")]
    [InlineData("ControlPlane:Kubernetes:KubeConfigs", "x")]
    [InlineData("ControlPlane:File:Directroy", "/x")]
    public void A_misspelt_key_is_named_whatever_the_kind(string key, string value)
    {
        Should.Throw<ConfigurationException>(
            () => TestOptions.With((key, value))).Message.ShouldContain($"Overlay:{key}");
        Should.Throw<ConfigurationException>(() =>
            TestOptions.With(("ControlPlane:Kind", "Etcd"), (key, value))).Message.ShouldContain($"Overlay:{key}");
    }

    [Theory]
    [InlineData("-1")]
    [InlineData("3601")]
    public void The_hold_has_bounds(string seconds) =>
        Should.Throw<ConfigurationException>(() => TestOptions.With(
            ("ControlPlane:HoldSeconds", seconds))).Message.ShouldContain("Overlay:ControlPlane:HoldSeconds");

    public void Dispose() => File.Delete(_file);

    private static OverlayOptions Etcd(params (string Key, string Value)[] keys) => TestOptions.With(
    [
        ("ControlPlane:Kind", "etcd"), ("Network:Cidr", ""), ("Subnet", ""),
        .. keys.Select(pair => ($"ControlPlane:Etcd:{pair.Key}", pair.Value)),
    ]);
}
