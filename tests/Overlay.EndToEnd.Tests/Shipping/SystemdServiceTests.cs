using System.Text.Json.Nodes;
using Overlay.EndToEnd.Tests.Restarts;
using Overlay.Lab.Processes;
using Overlay.Lab.Topology;
using Overlay.Testing;

namespace Overlay.EndToEnd.Tests.Shipping;

/// <summary>The service as install.sh leaves it, started by a real systemd with all that its unit forbids.</summary>
public class SystemdServiceTests
{
    // Effective, permitted, ambient and bounding alike: CAP_NET_ADMIN, CAP_NET_RAW and CAP_BPF.
    private const string ThreeCapabilities = "0000008000003000";

    private static readonly string _scripts = Path.Combine(Repository.Root, "deploy", "systemd");

    [Fact]
    public void The_service_carries_pods_packets_as_a_user_with_three_capabilities()
    {
        using LabNetwork lab = LabNetwork.Create(new LabOptions { Name = "systemd" });
        (Node a, Node b) = (lab["a"], lab["b"]);
        using SystemdMachine machine = new(a);
        machine.Run("iptables-legacy", "-P", "FORWARD", "DROP");
        machine.Run("rm", "-f", "/run/xtables.lock");
        machine.Run(Path.Combine(_scripts, "install.sh"), PublishedPrograms.Directory)
            .ShouldContain("systemctl start overlayd");
        machine.Configure(a);
        machine.Run("systemctl", "start", "overlayd");
        b.StartDaemon().WaitReady();
        machine.Run("cp", b.LeaseFile, "/var/lib/overlay/leases");
        machine.Run("cp", "/var/lib/overlay/leases/a.json", a.LeaseFile);
        a.Pods[0].WaitForPing(b.Pods[0].AddressV4!);
        a.Pods[0].WaitForPing(b.Pods[0].AddressV6!);

        // On a shared file system the other hosts' daemons read it, whose user may have another number.
        machine.Run("stat", "-c", "%a", "/var/lib/overlay/leases/a.json").ShouldBe("644\n");

        // As a user it takes turns with root by root's lock, and sees root's tables.
        machine.Run("iptables-legacy", "-S").ShouldContain("-A FORWARD -j OVERLAY-FORWARD-1\n");
        machine.Run("stat", "-c", "%U %G %a", "/run/xtables.lock").ShouldBe("root overlay 640\n");
        machine.Run("overlayctl", "status").ShouldNotContain("iptables");

        string process = machine.Property("MainPID");
        string status = machine.Shell($"cat /proc/{process}/status");
        foreach (string set in new[] { "CapPrm", "CapEff", "CapBnd", "CapAmb" })
            status.ShouldContain($"{set}:\t{ThreeCapabilities}\n");
        status.ShouldContain("NoNewPrivs:\t1\n");
        status.ShouldContain("Seccomp:\t2\n");
        machine.Shell($"stat -c %U /proc/{process}").Trim().ShouldBe("overlay");
        // Of devices it has the TUN, and of the kernel's parameters it writes those of the network.
        machine.Shell($"ls /proc/{process}/root/dev/net").ShouldBe("tun\n");
        string mounts = machine.Shell($"cut -d ' ' -f 5,6 /proc/{process}/mountinfo");
        mounts.ShouldMatch("(?m)^/proc/sys ro,");
        mounts.ShouldMatch("(?m)^/proc/sys/net rw,");
        machine.Run("overlayctl", "status").ShouldMatch(@"(?m)^node +\S+   forwarding for ");

        // What the unit takes away must not be what the device needs.
        foreach (string sysctl in new[] { "ipv4/conf/overlay.1/forwarding", "ipv6/conf/overlay.1/forwarding",
            "ipv6/conf/overlay.1/addr_gen_mode" })
            a.Get($"net/{sysctl}").ShouldBe("1", sysctl);

        // A reload is another process, whose packets are all there: as many as the TUN holds where others take the
        // processors for a second.
        using (PacedFlow egress = new(a.Pods[0], b.Pods[0], b.Pods[0].AddressV4!, 400))
        using (PacedFlow ingress = new(b.Pods[0], a.Pods[0], a.Pods[0].AddressV4!, 400))
        {
            machine.Run("systemctl", "reload", "overlayd");
            Waiting.For(() => machine.Property("MainPID") != process);
            Waiting.For(() => machine.Try("overlayctl", "ready").Succeeded);
            (egress.Stop().Lost, ingress.Stop().Lost).ShouldBe((0, 0));
        }

        machine.Property("ActiveState").ShouldBe("active");
        machine.Shell($"readlink /proc/{machine.Property("MainPID")}/exe").ShouldBe("/usr/local/lib/overlay/overlayd\n");
        machine.Shell("cp /etc/overlay/overlay.json /tmp/sound && echo '{' >/etc/overlay/overlay.json");
        process = machine.Property("MainPID");
        machine.Try("systemctl", "reload", "overlayd").ExitCode.ShouldBe(1);
        machine.Shell("cat /tmp/sound >/etc/overlay/overlay.json");
        (machine.Property("MainPID"), machine.Property("ActiveState")).ShouldBe((process, "active"));

        machine.Run("systemctl", "restart", "overlayd");
        a.Pods[0].WaitForPing(b.Pods[0].AddressV4!);
        machine.Property("NRestarts").ShouldBe("0");

        // A crash is not the end, and what is sent meanwhile waits in the descriptors that systemd keeps.
        string device = a.Run("cat", "/sys/class/net/overlay.1/ifindex").Output;
        using (PacedFlow egress = new(a.Pods[0], b.Pods[0], b.Pods[0].AddressV4!, 20))
        using (PacedFlow ingress = new(b.Pods[0], a.Pods[0], a.Pods[0].AddressV4!, 20))
        {
            Thread.Sleep(300);
            machine.Shell($"kill -9 {machine.Property("MainPID")}");
            Waiting.For(() => machine.Property("NRestarts") == "1" && machine.Property("ActiveState") == "active", 30);
            Waiting.For(() => machine.Try("overlayctl", "ready").Succeeded);
            (FlowResult there, FlowResult back) = (egress.Stop(), ingress.Stop());
            LongRun.Note($"kill -9 as a service: {there}; {back}");
            (there.Lost, back.Lost).ShouldBe((0, 0), $"{there}, {back}");
        }

        a.Run("cat", "/sys/class/net/overlay.1/ifindex").Output.ShouldBe(device);

        // As where the kernel's part is loaded behind the daemon, by Docker: it may not look, and asks. The new table
        // makes it look at once.
        machine.Run("chgrp", "root", "/proc/net/ip_tables_names");
        machine.Run("iptables-legacy", "-F", "FORWARD");
        a.Run("nft", "add table ip somebody").EnsureSuccess();
        Waiting.For(() => machine.Run("iptables-legacy", "-S")
            .Contains("-A FORWARD -j OVERLAY-FORWARD-1\n", StringComparison.Ordinal), 30);

        machine.Run("systemctl", "stop", "overlayd");
        machine.Property("Result").ShouldBe("success");
        a.Run("ip", "link", "show", "overlay.1").ExitCode.ShouldNotBe(0);
        machine.Run("iptables-legacy", "-S").ShouldBe("-P INPUT ACCEPT\n-P FORWARD DROP\n-P OUTPUT ACCEPT\n");
        machine.Run("stat", "-c", "%U %G %a", "/run/xtables.lock", "/proc/net/ip_tables_names",
            "/proc/net/ip6_tables_names").ShouldBe("root root 600\nroot root 440\nroot root 440\n");
    }

    [Fact]
    public void The_kernel_forwards_on_where_the_service_ends_by_a_crash_and_stops_with_it_otherwise()
    {
        using LabNetwork lab = LabNetwork.Create(new LabOptions { Name = "systemdebpf" });
        (Node a, Node b) = (lab["a"], lab["b"]);
        using SystemdMachine machine = new(a);
        machine.Run(Path.Combine(_scripts, "install.sh"), PublishedPrograms.Directory);
        machine.Configure(a, static overlay => overlay["Dataplane"] = new JsonObject { ["Tier"] = "Ebpf" });
        machine.Run("systemctl", "start", "overlayd");
        b.StartDaemon().WaitReady();
        machine.Run("cp", b.LeaseFile, "/var/lib/overlay/leases");
        machine.Run("cp", "/var/lib/overlay/leases/a.json", a.LeaseFile);
        a.Pods[0].WaitForPing(b.Pods[0].AddressV4!);
        machine.Run("overlayctl", "status").ShouldMatch(@"(?m)^data path +eBPF in the kernel");
        machine.Run("stat", "-f", "-c", "%T", "/run/overlay-bpf").ShouldBe("bpf_fs\n");
        machine.Run("stat", "-c", "%U %a", "/run/overlay-bpf").ShouldBe("overlay 700\n");

        using (PacedFlow egress = new(a.Pods[0], b.Pods[0], b.Pods[0].AddressV4!, 400))
        using (PacedFlow ingress = new(b.Pods[0], a.Pods[0], a.Pods[0].AddressV4!, 400))
        {
            Thread.Sleep(300);
            machine.Shell($"kill -9 {machine.Property("MainPID")}");
            Waiting.For(() => machine.Property("NRestarts") == "1" && machine.Property("ActiveState") == "active", 30);
            Waiting.For(() => machine.Try("overlayctl", "ready").Succeeded);
            (FlowResult there, FlowResult back) = (egress.Stop(), ingress.Stop());
            (there.Lost, back.Lost).ShouldBe((0, 0), $"{there}, {back}");
        }

        machine.Run("systemctl", "stop", "overlayd");
        a.Run("ip", "link", "show", "ovx.1").ExitCode.ShouldNotBe(0);
        machine.Run("test", "!", "-e", "/run/overlay-bpf/1");

        // With a pod the node's state stays, and with it the place of programs that guard a device.
        machine.Try(Path.Combine(_scripts, "uninstall.sh")).ExitCode.ShouldBe(1);
        machine.Run("mountpoint", "/run/overlay-bpf");
        a.RemovePod(a.Pods[0]);
        machine.Run(Path.Combine(_scripts, "install.sh"), PublishedPrograms.Directory);
        machine.Run(Path.Combine(_scripts, "uninstall.sh"));
        machine.Shell("grep -c overlay-bpf /proc/self/mountinfo || true").ShouldBe("0\n");
    }

    [Fact]
    public void What_is_installed_is_removed_without_a_trace()
    {
        using LabNetwork lab = LabNetwork.Create(new LabOptions { Name = "install", Nodes = 1, PodsPerNode = 0 });
        using SystemdMachine machine = new(lab.Nodes[0]);

        // From here on the machine has its own. Where networks of others remain, as Debian's podman brings one, so does
        // the loopback that their pods may have come to need.
        machine.Shell("rm -f /etc/cni/net.d/*");
        string users =
            machine.Shell("touch -c /etc/passwd /etc/group /etc/shadow && cat /etc/passwd /etc/group /etc/shadow");
        (string[] files, string[] directories) =
            ([.. machine.Written(directories: false)], [.. machine.Written(directories: true)]);
        machine.Run(Path.Combine(_scripts, "install.sh"), PublishedPrograms.Directory);
        machine.Configure(lab.Nodes[0]);
        machine.Run(Path.Combine(_scripts, "install.sh"), "--cni", PublishedPrograms.Directory);
        machine.Run("systemctl", "start", "overlayd");
        machine.Shell("cat /etc/cni/net.d/10-overlay.conflist").ShouldContain("\"type\": \"overlay\"");
        machine.Run("cmp", Path.Combine(PublishedPrograms.Directory, "overlay"), "/opt/cni/bin/overlay");

        // What root's plugin wrote is not the daemon's to free: a timer does it. The pod of this record is an hour old,
        // and gone.
        machine.Run("systemctl", "is-active", "overlay-addresses.timer");
        machine.Shell(
            "mkdir -p /var/lib/cni/overlay /var/lib/cni/networks/cbr0 && printf 'pod1\\r\\neth0' "
            + ">/var/lib/cni/networks/cbr0/10.244.1.9");
        machine.Shell($$"""echo '{"network":"cbr0","containerId":"pod1","ifname":"eth0","netns":"","hostInterface":"ov1","ipam":"host-local","ipamDirectory":"","time":"{{DateTimeOffset.UtcNow.AddHours(-1):O}}"}' >/var/lib/cni/overlay/cbr0:pod1:eth0.json""");
        machine.Run("systemctl", "start", "overlay-addresses.service");
        machine.Shell("find /var/lib/cni/networks/cbr0 /var/lib/cni/overlay -name '*pod1*' -o -name '10.*'")
            .ShouldBe("");
        machine.Shell("rm -r /var/lib/cni/networks/cbr0 && rmdir --ignore-fail-on-non-empty /var/lib/cni/networks");

        // The daemon writes nothing of what root runs.
        machine.Shell("find /opt/cni /etc/cni /usr/local/lib/overlay ! -user root").ShouldBe("");

        // What an older version installed is upgraded without --cni too, and removed though portmap has come since.
        machine.Shell("echo older >/opt/cni/bin/overlay && touch /opt/cni/bin/portmap");
        machine.Run(Path.Combine(_scripts, "install.sh"), PublishedPrograms.Directory);
        machine.Run("cmp", Path.Combine(PublishedPrograms.Directory, "overlay"), "/opt/cni/bin/overlay");
        machine.Run(Path.Combine(_scripts, "uninstall.sh"), "--purge");
        machine.Run("rm", "/opt/cni/bin/portmap");
        machine.Written(directories: false).Except(files).Except(SystemdMachine.Accounts).ShouldBeEmpty();
        machine.Written(directories: true)
            .Except(directories).Except(SystemdMachine.SharedDirectories)
            .ShouldAllBe(static path => Directory.Exists(path));
        machine.Shell("find /run/overlay /run/flannel 2>/dev/null || true").ShouldBeEmpty();
        machine.Shell("cat /etc/passwd /etc/group /etc/shadow").ShouldBe(users);
        machine.Try("systemctl", "cat", "overlayd").ExitCode.ShouldNotBe(0);
    }

    [Fact]
    public void A_configuration_of_the_plugin_that_somebody_has_changed_stays_and_is_told()
    {
        using LabNetwork lab = LabNetwork.Create(new LabOptions { Name = "changed", Nodes = 1, PodsPerNode = 0 });
        using SystemdMachine machine = new(lab.Nodes[0]);
        machine.Run(Path.Combine(_scripts, "install.sh"), PublishedPrograms.Directory);
        machine.Shell("find /opt /etc/cni -name '*overlay*' 2>/dev/null || true").ShouldBe("");
        machine.Run(Path.Combine(_scripts, "install.sh"), "--cni", PublishedPrograms.Directory);
        machine.Shell("echo >>/etc/cni/net.d/10-overlay.conflist");
        CommandResult removal = machine.Try(Path.Combine(_scripts, "uninstall.sh"));
        removal.ExitCode.ShouldBe(1);
        (removal.Output + removal.Error).ShouldContain("rm /etc/cni/net.d/10-overlay.conflist /opt/cni/bin/overlay");
        removal.Error.ShouldContain("uninstall: all is removed but the CNI plugin or its configuration");
        machine.Run("test", "-x", "/opt/cni/bin/overlay");
        machine.Run("test", "!", "-e", "/usr/local/lib/overlay");
    }

    [Fact]
    public void A_bad_configuration_is_not_tried_again_and_a_store_that_is_away_is_waited_for()
    {
        using LabNetwork lab = LabNetwork.Create(new LabOptions { Name = "waiting", Nodes = 1, PodsPerNode = 0 });
        using SystemdMachine machine = new(lab.Nodes[0]);
        machine.Run(Path.Combine(_scripts, "install.sh"), PublishedPrograms.Directory);
        machine.Shell("""echo '{ "Overlay": { "Netwrk": { } } }' >/etc/overlay/overlay.json""");
        machine.Try("systemctl", "start", "overlayd").ExitCode.ShouldNotBe(0);
        machine.Property("ExecMainStatus").ShouldBe("78");
        machine.Property("ActiveState").ShouldBe("failed");
        machine.Property("NRestarts").ShouldBe("0");

        // kubelet, which the unit is ordered before, may be what brings the store.
        machine.Shell(
            "printf '[Service]\\nType=oneshot\\nRemainAfterExit=yes\\nExecStart=/bin/true\\n' "
            + ">/run/systemd/system/kubelet.service && systemctl daemon-reload");
        machine.Shell("""echo '{ "Overlay": { "Interface": "eth0", "ControlPlane": { "Kind": "Etcd", "Etcd": { "Endpoints": [ "http://127.0.0.1:1" ] } } } }' >/etc/overlay/overlay.json""");
        machine.Run("systemctl", "start", "--no-block", "overlayd");
        machine.Run("timeout", "30", "systemctl", "start", "kubelet");
        machine.Run("systemctl", "is-active", "kubelet");
        machine.Property("StatusText").ShouldStartWith("waiting for Etcd http://127.0.0.1:1");
        machine.Property("ActiveState").ShouldBe("active");
        machine.Run("overlayctl", "status").ShouldMatch(@"(?m)^node +\S+   starting ");
        machine.Property("NRestarts").ShouldBe("0");
        machine.Run("systemctl", "stop", "overlayd");
    }
}
