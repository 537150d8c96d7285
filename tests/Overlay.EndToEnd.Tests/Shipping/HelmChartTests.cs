using System.Text.Json;
using Json.Schema;
using Overlay.Testing;
using YamlDotNet.RepresentationModel;
using static Overlay.EndToEnd.Tests.Shipping.KubernetesManifest;

namespace Overlay.EndToEnd.Tests.Shipping;

/// <summary>
/// The chart, rendered by <see cref="HelmTemplate"/>: helm itself is not run here. What deploy/kubernetes has is the
/// chart's own rendering.
/// </summary>
public class HelmChartTests
{
    private static readonly string[] _all = ["namespace.yaml", "rbac.yaml", "config.yaml", "daemonset.yaml"];

    private static readonly JsonSchema _schema = JsonSchema.FromText(HelmChart.Text("values.schema.json"));

    private readonly HelmChart _chart = new();

    public static TheoryData<string, string, string[]> Manifests => new()
    {
        { "overlay.yaml", "standalone", _all },
        { "uninstall.yaml", "uninstall", ["uninstall.yaml"] },
        { "admission-policy.yaml", "admissionPolicy.enabled", ["admission-policy.yaml"] },
    };

    [Theory]
    [MemberData(nameof(Manifests))]
    public void A_manifest_is_the_charts_rendering(string manifest, string value, string[] templates)
    {
        string rendered = _chart.Render(HelmChart.Values.With(value, true), templates);
        string kept = Path.Combine(Artifacts.Directory, manifest);
        File.WriteAllText(kept, rendered);
        File.ReadAllText(Path.Combine(Repository.Root, "deploy", "kubernetes", manifest))
            .ShouldBe(rendered, $"the chart has changed: its rendering is in {kept}, for deploy/kubernetes");
    }

    [Fact]
    public void Every_template_belongs_to_a_manifest() => HelmChart.Files.ShouldBe(
        [.. Manifests.SelectMany(static row => (string[])row[2])], ignoreOrder: true);

    [Fact]
    public void The_chart_has_the_programs_version() => (_chart.Version, _chart.AppVersion)
        .ShouldBe((Repository.Version, Repository.Version));

    [Fact]
    public void Values_decide_network_image_and_arguments()
    {
        KubernetesManifest manifest = Render(HelmChart.Values
            .With("podCidrv6", "fd00:10:244::/56").With("vni", 16_777_215L).With("backendPort", 4789L)
            .With("mtu", 9000L).With("directRouting", true)
            .With("serviceCidrs", new List<object?> { "10.96.0.0/12", "fd00:96::/112" })
            .With("image.repository", "registry.example/overlay").With("image.tag", "1.2.3")
            .With("args", new List<object?> { "--Admin:Http", "0.0.0.0:9472" }).With("cniBinDir", "/usr/lib/cni")
            .With("imagePullSecrets", new List<object?> { HelmValues.Read("name: pull") }));
        YamlNode data = At(manifest.Object("ConfigMap"), "data");
        Compact(Text(data, "net-conf.json")).ShouldBe(
            """
            {"Network":"10.244.0.0/16","EnableIPv6":true,"IPv6Network":"fd00:10:244::/56",
            "Backend":{"Type":"vxlan","MTU":9000,"DirectRouting":true,"VNI":16777215,"Port":4789}}
            """.ReplaceLineEndings(""));
        Compact(Text(data, "overlay.json")).ShouldContain("\"ServiceCidrs\":[\"10.96.0.0/12\",\"fd00:96::/112\"]");
        foreach (YamlNode container in new[] { manifest.Init, manifest.Daemon })
            Text(container, "image").ShouldBe("registry.example/overlay:1.2.3");
        Texts(manifest.Daemon, "args").ShouldBe(["--Admin:Http", "0.0.0.0:9472"]);
        Text(Items(At(manifest.PodSpec, "imagePullSecrets")).ShouldHaveSingleItem(), "name").ShouldBe("pull");
        Items(At(manifest.PodSpec, "volumes")).Select(static volume => Find(volume, "hostPath", "path"))
            .OfType<YamlScalarNode>().Select(static path => path.Value).ShouldContain("/usr/lib/cni");
    }

    [Fact]
    public void Nodes_whose_workers_forward_can_go_without_the_power_to_load_programs()
    {
        KubernetesManifest manifest = Render(HelmChart.Values.With("ebpf.enabled", false));
        Texts(At(manifest.Daemon, "securityContext", "capabilities"), "add").ShouldBe(["NET_ADMIN", "NET_RAW"]);
        foreach (YamlNode list in new[] { At(manifest.PodSpec, "volumes"), At(manifest.Daemon, "volumeMounts") })
            Items(list).Select(static item => Text(item, "name")).ShouldNotContain("bpf");
        Texts(At(Render(HelmChart.Values).Daemon, "securityContext", "capabilities"), "add").ShouldContain("BPF");
        IsValid(HelmChart.Values.With("ebpf.enabled", "no")).ShouldBeFalse();
    }

    [Fact]
    public void A_cluster_of_IPv6_alone_has_no_IPv4_network()
    {
        KubernetesManifest manifest =
            Render(HelmChart.Values.With("podCidr", "").With("podCidrv6", "fd00:10:244::/56"));
        Compact(Text(At(manifest.Object("ConfigMap"), "data"), "net-conf.json"))
            .ShouldStartWith("{\"EnableIPv4\":false,\"EnableIPv6\":true,");
    }

    [Fact]
    public void Another_configuration_makes_new_pods_and_the_plugins_installation_can_be_left_out()
    {
        string before = Sum(HelmChart.Values);
        before.ShouldMatch("^[0-9a-f]{64}$");
        Sum(HelmChart.Values.With("vni", 2L)).ShouldNotBe(before);
        Find(Render(HelmChart.Values.With("skipCNIConfigInstallation", true)).PodSpec, "initContainers").ShouldBeNull();

        string Sum(IReadOnlyDictionary<string, object?> values) => Text(
            At(Render(values).Object("DaemonSet"), "spec", "template", "metadata"), "annotations", "checksum/config");
    }

    [Fact]
    public void The_admission_policy_is_refused_where_tokens_name_no_node()
    {
        IReadOnlyDictionary<string, object?> values = HelmChart.Values.With("admissionPolicy.enabled", true);
        Should.Throw<InvalidOperationException>(
            () => new HelmChart { KubernetesVersion = "v1.31.9" }.Render(values, "admission-policy.yaml")).Message
            .ShouldBe("admissionPolicy.enabled needs Kubernetes 1.32");
        new HelmChart { KubernetesVersion = "v1.32.0" }.Render(values, "admission-policy.yaml").ShouldNotBeEmpty();
    }

    [Fact]
    public void Uninstalling_replaces_the_daemons_pods_and_keeps_what_their_successors_read()
    {
        KubernetesManifest manifest = Render(HelmChart.Values.With("uninstall", true));
        manifest.Kinds.ShouldNotContain("Namespace");
        manifest.Kinds.ShouldContain("ConfigMap");
        Text(manifest.Object("DaemonSet"), "metadata", "name").ShouldBe("overlay-uninstall");
    }

    [Fact]
    public void A_value_that_is_none_is_refused_before_anything_is_rendered()
    {
        IsValid(HelmChart.Values).ShouldBeTrue();
        IsValid(HelmChart.Values.With("vni", 16_777_216L)).ShouldBeFalse();
        IsValid(HelmChart.Values.With("podCidr", "10.244.0.0")).ShouldBeFalse();
        IsValid(HelmChart.Values.With("cniBinDir", "opt/cni/bin")).ShouldBeFalse();
        IsValid(HelmValues.Read("global: { imagePullSecrets: [ { name: x } ] }")).ShouldBeFalse("it has another place here");
        IsValid(HelmValues.Read("global: { other: 1 }")).ShouldBeTrue();
        IsValid(HelmValues.Read("podCIDR: 10.0.0.0/8")).ShouldBeFalse("a name of another case is a mistake");
    }

    private static bool IsValid(IReadOnlyDictionary<string, object?> values) =>
        _schema.Evaluate(JsonSerializer.SerializeToElement(values)).IsValid;

    private KubernetesManifest Render(IReadOnlyDictionary<string, object?> values) =>
        Parse(_chart.Render(values, HelmChart.Files));

    private static string Compact(string json) => JsonSerializer.Serialize(JsonDocument.Parse(json).RootElement);
}
