using Overlay.EndToEnd.Tests.ControlPlane;
using Overlay.Lab.Topology;
using Overlay.Testing.Kubernetes;
using YamlDotNet.RepresentationModel;
using static Overlay.EndToEnd.Tests.Shipping.KubernetesManifest;

namespace Overlay.EndToEnd.Tests.Shipping;

/// <summary>No cluster runs here, so the manifest is held against what the daemon needs, asks and answers.</summary>
public class KubernetesManifestTests
{
    private readonly KubernetesManifest _manifest = KubernetesManifest.Read();

    [Fact]
    public void Every_object_is_there_once_and_in_one_namespace()
    {
        _manifest.Kinds.Order()
            .ShouldBe(["ClusterRole", "ClusterRoleBinding", "ConfigMap", "DaemonSet", "Namespace", "ServiceAccount"]);
        string name = Text(_manifest.Object("Namespace"), "metadata", "name");
        foreach (string kind in new[] { "ServiceAccount", "ConfigMap", "DaemonSet" })
            Text(_manifest.Object(kind), "metadata", "namespace").ShouldBe(name);
        YamlNode subject = Items(At(_manifest.Object("ClusterRoleBinding"), "subjects")).ShouldHaveSingleItem();
        (Text(subject, "name"), Text(subject, "namespace"))
            .ShouldBe((Text(_manifest.Object("ServiceAccount"), "metadata", "name"), name));
        Text(_manifest.Object("ClusterRoleBinding"), "roleRef", "name")
            .ShouldBe(Text(_manifest.Object("ClusterRole"), "metadata", "name"));
        Text(_manifest.PodSpec, "serviceAccountName").ShouldBe(Text(subject, "name"));
        Text(_manifest.Object("DaemonSet"), "spec", "selector", "matchLabels", "app.kubernetes.io/name")
            .ShouldBe(Text(
                _manifest.Object("DaemonSet"), "spec", "template", "metadata", "labels", "app.kubernetes.io/name"));
    }

    [Fact]
    public async Task The_role_allows_what_daemons_ask_and_no_more()
    {
        await using KubernetesCluster cluster = await KubernetesCluster.StartAsync(
            new LabOptions
            {
                Name = "rbac",
                Underlay = AddressFamilies.V4,
                Inner = AddressFamilies.V4,
                PodsPerNode = 0
            });
        _ = cluster.StartDaemons();
        Waiting.For(() => cluster.Lab.Nodes.All(
            node => (string?)cluster.Nodes.Condition(node.Name, "NetworkUnavailable")?["status"] == "False"), 30);

        // As watches end with time: what is asked then must be allowed too.
        string[] asked = [.. cluster.Requests.Select(VerbOf)];
        await cluster.StopServerAsync();
        await cluster.StartServerAsync();
        Waiting.For(() => cluster.Lab.Nodes.All(
            node => KubernetesCluster.StoreOf(node).GetProperty("state").GetString() == "connected"), 60);
        Waiting.For(
            () => cluster.Requests.Any(static request => VerbOf(request) == "list networkpolicies"), 60);
        string[] all = [.. asked.Concat(cluster.Requests.Select(VerbOf)).Distinct().Order(StringComparer.Ordinal)];

        string[] allowed =
        [
            .. Items(At(_manifest.Object("ClusterRole"), "rules"))
                .SelectMany(static rule => Texts(rule, "resources")
                .SelectMany(resource => Texts(rule, "verbs").Select(verb => $"{verb} {resource}"))),
        ];
        all.Except(allowed).ShouldBeEmpty();

        // A list is asked for where the server refuses to send the state with a watch.
        allowed.Except(all).ShouldBe(["list nodes"]);
    }

    [Fact]
    public void Containers_have_three_capabilities_at_most_and_write_to_nothing_of_their_own()
    {
        KubernetesManifest removal = KubernetesManifest.Read("uninstall.yaml");
        foreach (YamlNode container in new[] { _manifest.Init, _manifest.Daemon, removal.Init, removal.Daemon })
        {
            YamlNode security = At(container, "securityContext");
            (Text(security, "privileged"), Text(security, "allowPrivilegeEscalation"), Text(
                security, "readOnlyRootFilesystem")).ShouldBe(("false", "false", "true"));
            Texts(security, "capabilities", "drop").ShouldBe(["ALL"]);
            if (container != removal.Daemon) Text(security, "seLinuxOptions", "type").ShouldBe("spc_t");
        }

        Find(removal.Daemon, "securityContext", "capabilities", "add").ShouldBeNull();
        Find(removal.Daemon, "volumeMounts").ShouldBeNull();
        Text(removal.PodSpec, "automountServiceAccountToken").ShouldBe("false");
        Find(_manifest.Init, "securityContext", "capabilities", "add").ShouldBeNull();
        Texts(_manifest.Daemon, "securityContext", "capabilities", "add").ShouldBe(["NET_ADMIN", "NET_RAW", "BPF"]);
        foreach (YamlNode pod in new[] { _manifest.PodSpec, removal.PodSpec })
        {
            Text(pod, "securityContext", "seccompProfile", "type").ShouldBe("RuntimeDefault");
            foreach (string host in new[] { "hostPID", "hostIPC" }) Find(pod, host).ShouldBeNull();
        }

        // Of the host what docs/host.md lists, and no directory above it.
        HostPaths(_manifest).ShouldBe(
            ["/dev/net/tun", "/etc/cni/net.d", "/opt/cni/bin", "/proc/sys/net", "/run/flannel", "/run/overlay",
                "/run/xtables.lock", "/sys/fs/bpf", "/var/lib/cni/networks", "/var/lib/cni/overlay", "/var/lib/overlay"]);
        HostPaths(removal).ShouldBe(HostPaths(_manifest).Except(["/dev/net/tun"]));

        // What runtimes run as root is not the daemon's to write.
        Mounts(_manifest.Daemon).ShouldNotContain(static path => path.StartsWith("/opt/cni", StringComparison.Ordinal)
            || path.StartsWith("/etc/cni", StringComparison.Ordinal));
        Mounts(_manifest.Init).ShouldBe(["/etc/overlay", "/opt/cni/bin", "/etc/cni/net.d"]);
    }

    [Fact]
    public void Probes_ask_where_the_daemon_answers_and_nothing_keeps_it_from_a_node()
    {
        foreach ((string probe, string command) in new[]
        {
            ("startupProbe", "started"), ("livenessProbe", "alive"), ("readinessProbe", "ready"),
        }) Texts(_manifest.Daemon, probe, "exec", "command").ShouldBe(["overlayctl", command]);
        Text(_manifest.Daemon, "startupProbe", "periodSeconds").ShouldBe("1");

        Text(_manifest.PodSpec, "hostNetwork").ShouldBe("true");
        Text(_manifest.PodSpec, "priorityClassName").ShouldBe("system-node-critical");
        YamlMappingNode toleration = (YamlMappingNode)Items(At(_manifest.PodSpec, "tolerations"))
            .ShouldHaveSingleItem();
        toleration.Children.Count.ShouldBe(1);
        Text(toleration, "operator").ShouldBe("Exists");
    }

    [Fact]
    public void A_node_that_still_has_flannel_is_waited_for_in_whatever_namespace_that_is()
    {
        YamlNode term = Items(At(_manifest.PodSpec, "affinity", "podAntiAffinity",
            "requiredDuringSchedulingIgnoredDuringExecution")).ShouldHaveSingleItem();
        Text(term, "topologyKey").ShouldBe("kubernetes.io/hostname");
        ((YamlMappingNode)At(term, "namespaceSelector")).Children.ShouldBeEmpty();
        Text(term, "labelSelector", "matchLabels", "app").ShouldBe("flannel");

        // Pods that wait count against maxSurge, so none is made for a node that has the label.
        YamlNode nodes = Items(At(_manifest.PodSpec, "affinity", "nodeAffinity",
            "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms")).ShouldHaveSingleItem();
        YamlNode expression = Items(At(nodes, "matchExpressions")).ShouldHaveSingleItem();
        (Text(expression, "key"), Text(expression, "operator")).ShouldBe(("pod-network", "NotIn"));
        Texts(expression, "values").ShouldBe(["flannel"]);
    }

    [Fact]
    public void The_daemon_starts_with_the_manifests_configuration_and_its_state_is_where_the_host_keeps_it()
    {
        using LabNetwork lab = LabNetwork.Create(new LabOptions { Name = "configmap", Nodes = 1, PodsPerNode = 0 });
        Node node = lab.Nodes[0];
        YamlNode data = At(_manifest.Object("ConfigMap"), "data");
        string netConf = Path.Combine(node.Directory, "net-conf.json");
        File.WriteAllText(netConf, Text(data, "net-conf.json"));
        File.WriteAllText(node.ConfigPath, Text(data, "overlay.json")
            .Replace("/etc/overlay/net-conf.json", netConf, StringComparison.Ordinal));

        // Nobody answers at the pod's usual place of the API server: all before that is sound then.
        DaemonProcess daemon = node.StartDaemon(
            "--NodeName", "a", "--Interface", "eth0", "--Admin:Socket", node.Socket, "--StateDirectory",
            node.StateDirectory, "--CniInstall:StateDirectory", node.CniRecords, "--SubnetFile", node.SubnetFile,
            "--ControlPlane:Kubernetes:ApiServer", "https://127.0.0.1:1");
        daemon.WaitForLog("Kubernetes https://127.0.0.1:1", TimeSpan.FromSeconds(30));
        daemon.HasExited.ShouldBeFalse(daemon.Log);

        string[] mounts = Mounts(_manifest.Daemon);
        foreach (string needed in new[] { "/run/overlay", "/run/flannel", "/var/lib/overlay", "/var/lib/cni/networks",
            "/var/lib/cni/overlay", "/dev/net/tun", "/etc/overlay", "/sys/fs/bpf",
            $"{Overlay.Host.Kernel.Sysctl.HostRoot}/net" }) mounts.ShouldContain(needed);
        string[] volumes = [.. Items(At(_manifest.PodSpec, "volumes")).Select(static volume => Text(volume, "name"))];
        foreach (YamlNode container in new[] { _manifest.Init, _manifest.Daemon })
        {
            foreach (YamlNode mount in Items(At(container, "volumeMounts"))) volumes.ShouldContain(Text(mount, "name"));
        }

        Text(Items(At(_manifest.Daemon, "env")).ShouldHaveSingleItem(), "name").ShouldBe("OVERLAY_NodeName");
    }

    [Fact]
    public void What_takes_overlay_off_a_node_has_all_that_the_daemon_and_the_installer_write_to()
    {
        KubernetesManifest removal = KubernetesManifest.Read("uninstall.yaml");
        Texts(removal.Init, "command")[..2].ShouldBe(["overlayd", "uninstall"]);
        Mounts(_manifest.Daemon).Concat(Mounts(_manifest.Init)).Except(Mounts(removal.Init)).ShouldBe(["/dev/net/tun"]);
        Text(removal.Init, "image").ShouldBe(Text(_manifest.Daemon, "image"));
        Texts(removal.Init, "securityContext", "capabilities", "add").ShouldBe(["NET_ADMIN", "NET_RAW"]);
        removal.Kinds.ShouldBe(["DaemonSet"]);
    }

    [Fact]
    public void The_image_has_the_three_programs_and_is_the_one_the_manifest_names()
    {
        string dockerfile = File.ReadAllText(Path.Combine(Repository.Root, "Dockerfile"));
        dockerfile.ShouldContain("COPY --from=build /out/overlayd /out/overlayctl /out/overlay /usr/local/bin/");

        // A platform's variable with a value of ours would have that value for every platform.
        dockerfile.ShouldContain("\nARG TARGETARCH\n");
        dockerfile.ShouldNotMatch("ARG [A-Z]*(ARCH|PLATFORM)=");
        foreach (YamlNode container in new[] { _manifest.Init, _manifest.Daemon })
        {
            Text(container, "image").ShouldBe($"overlay:{Repository.Version}");
            Texts(container, "command")[0].ShouldBe("overlayd");
        }
    }

    private static IEnumerable<string> HostPaths(KubernetesManifest manifest) =>
        Items(At(manifest.PodSpec, "volumes")).Select(static volume => Find(volume, "hostPath", "path"))
            .OfType<YamlScalarNode>().Select(static path => path.Value!).Order(StringComparer.Ordinal);

    private static string[] Mounts(YamlNode container) =>
        [.. Items(At(container, "volumeMounts")).Select(static mount => Text(mount, "mountPath"))];

    private static string VerbOf(SeenRequest request) => request switch
    {
        { Path: var path } when path.Contains("/networkpolicies?", StringComparison.Ordinal) => "list networkpolicies",
        { IsWatch: true } => "watch nodes",
        { IsList: true } => "list nodes",
        { Method: "GET" } => "get nodes",
        { IsPatch: true } when request.Path.Contains("/status", StringComparison.Ordinal) => "patch nodes/status",
        _ => $"{request.Method} {request.Path}",
    };
}
