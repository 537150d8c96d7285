using Overlay.Lab.Processes;
using Overlay.Lab.Topology;

namespace Overlay.EndToEnd.Tests.Shipping;

/// <summary>The package on a machine with dpkg and systemd of its own.</summary>
public class DebianPackageTests
{
    // The database and the log of dpkg, and caches of its triggers.
    private static readonly string[] _administration =
        ["/var/lib/dpkg", "/var/log/dpkg.log", "/var/cache/man", "/var/lib/systemd/deb-systemd-helper-enabled"];

    private static readonly string _scripts = Path.Combine(Repository.Root, "deploy", "systemd");

    [Fact]
    public void An_upgrade_keeps_the_configuration_and_a_purge_leaves_nothing()
    {
        using LabNetwork lab = LabNetwork.Create(new LabOptions { Name = "debian", Nodes = 1, PodsPerNode = 0 });
        Node node = lab.Nodes[0];
        using SystemdMachine machine = Prepare(node);
        string users = machine.Shell("cat /etc/passwd /etc/group /etc/shadow");
        string[] before = [.. machine.Written(directories: false), .. machine.Written(directories: true)];

        // The service is enabled and waits for a configuration, as by install.sh.
        Install(machine, DebianPackage.Path).ShouldContain("systemctl start overlayd");
        machine.Run("systemctl", "is-enabled", "overlayd").ShouldBe("enabled\n");
        machine.Property("ActiveState").ShouldBe("inactive");
        machine.Try("systemctl", "is-enabled", "overlay-addresses.timer").Output.ShouldBe("disabled\n");
        machine.Run("stat", "-c", "%U %G %a", "/etc/overlay/overlay.json").ShouldBe("root overlay 640\n");
        machine.Run("cmp", "/etc/overlay/overlay.json", Path.Combine(_scripts, "overlay.json"));

        // The last stop leaves a device, for the removal to take away.
        machine.Configure(node, static overlay => overlay["KeepAtStop"] = true);
        machine.Run("overlayd", "install-cni");
        machine.Run("systemctl", "enable", "--now", "overlay-addresses.timer");
        machine.Run("systemctl", "start", "overlayd");
        Waiting.For(() => node.Run("ip", "link", "show", "overlay.1").Succeeded, 20);
        machine.Shell("echo older >/opt/cni/bin/overlay");
        string process = machine.Property("MainPID");

        // dpkg has nobody to ask.
        string configuration = machine.Shell("cat /etc/overlay/overlay.json");
        Install(machine, Newer(node)).ShouldNotContain("systemctl start overlayd");
        machine.Shell("cat /etc/overlay/overlay.json").ShouldBe(configuration);
        machine.Run("stat", "-c", "%U %G %a", "/etc/overlay/overlay.json").ShouldBe("root overlay 640\n");
        machine.Run("wc", "-l", "/run/starts").ShouldBe("1 /run/starts\n", "it was handed over, and not started anew");
        Waiting.For(() => machine.Property("MainPID") != process);
        machine.Property("ActiveState").ShouldBe("active");
        machine.Shell($"readlink /proc/{machine.Property("MainPID")}/exe").ShouldBe("/usr/lib/overlay/overlayd\n");
        machine.Run("cmp", "/usr/lib/overlay/overlay", "/opt/cni/bin/overlay");

        machine.Run("dpkg", "-r", DebianPackage.Name);
        node.Run("ip", "link", "show", "overlay.1").ExitCode.ShouldNotBe(0);
        node.Run("nft", "list", "tables").EnsureSuccess().Output.ShouldBe("");
        machine.Shell("cat /etc/overlay/overlay.json").ShouldBe(configuration);
        machine.Shell("find /opt/cni/bin/overlay /etc/cni/net.d/10-overlay.conflist /usr/lib/overlay /var/lib/overlay "
            + "/run/overlay /run/flannel /var/lib/cni/overlay 2>/dev/null || true").ShouldBe("");

        machine.Run("dpkg", "-P", DebianPackage.Name);
        string[] after = [.. machine.Written(directories: false), .. machine.Written(directories: true)];
        after.Except(before).Except(SystemdMachine.Accounts)
            .Where(static path => !_administration.Any(path.StartsWith))
            .Where(static path => !Directory.Exists(path) || path.Contains("overlay", StringComparison.Ordinal))
            .Except(SystemdMachine.SharedDirectories).ShouldBeEmpty();
        machine.Shell("find /usr/lib/systemd/system /etc/systemd/system /var/lib/systemd -name '*overlay*'")
            .ShouldBe("");
        machine.Shell("cat /etc/passwd /etc/group /etc/shadow").ShouldBe(users);
        machine.Try("systemctl", "cat", "overlayd").ExitCode.ShouldNotBe(0);
        machine.Try("dpkg", "-s", DebianPackage.Name).ExitCode.ShouldNotBe(0);
    }

    [Fact]
    public void A_removal_names_what_stays_and_neither_way_of_installing_touches_the_other()
    {
        using LabNetwork lab = LabNetwork.Create(new LabOptions { Name = "debian2", Nodes = 1, PodsPerNode = 0 });
        using SystemdMachine machine = Prepare(lab.Nodes[0]);
        machine.Shell("mkdir -p /usr/local/lib/overlay && touch /usr/local/lib/overlay/overlayd");
        CommandResult refused = machine.Try("dpkg", "-i", DebianPackage.Path);
        refused.ExitCode.ShouldNotBe(0);
        refused.Error.ShouldContain("overlay-vxlan: overlayd has been installed here by install.sh");
        machine.Run("rm", "-r", "/usr/local/lib/overlay");

        _ = Install(machine, DebianPackage.Path);
        foreach (string[] command in new string[][] { ["install.sh", PublishedPrograms.Directory], ["uninstall.sh"] })
        {
            CommandResult other = machine.Try([Path.Combine(_scripts, command[0]), .. command[1..]]);
            other.ExitCode.ShouldBe(1);
            other.Error.ShouldContain("overlayd is installed here as a Debian package");
        }

        machine.Run("overlayd", "install-cni");
        machine.Shell("echo >>/etc/cni/net.d/10-overlay.conflist");
        CommandResult removal = machine.Try("dpkg", "-r", DebianPackage.Name).EnsureSuccess();
        (removal.Output + removal.Error).ShouldContain("rm /etc/cni/net.d/10-overlay.conflist /opt/cni/bin/overlay");
        removal.Error.ShouldContain("overlay-vxlan: all is removed but the CNI plugin or its configuration");
        machine.Run("test", "-x", "/opt/cni/bin/overlay");
        machine.Run("test", "!", "-e", "/usr/lib/overlay");

        // A service that is back is enabled as it was, also where its administrator wants it disabled.
        _ = Install(machine, DebianPackage.Path);
        machine.Run("systemctl", "is-enabled", "overlayd").ShouldBe("enabled\n");
        machine.Run("systemctl", "disable", "overlayd");
        _ = Install(machine, DebianPackage.Path);
        machine.Try("systemctl", "is-enabled", "overlayd").Output.ShouldBe("disabled\n");

        // The configuration has never been filled in: there is no node that could stay.
        machine.Run("rm", "/etc/cni/net.d/10-overlay.conflist", "/opt/cni/bin/overlay");
        machine.Try("dpkg", "-P", DebianPackage.Name).EnsureSuccess().Error.ShouldNotContain("all is removed but");
    }

    // The machine becomes one on which packages may start services, without networks of others.
    private static SystemdMachine Prepare(Node node)
    {
        SystemdMachine machine = new(node);
        machine.Shell("rm -f /etc/cni/net.d/* /usr/sbin/policy-rc.d /etc/dpkg/dpkg.cfg.d/*");
        machine.Shell("touch -c /etc/passwd /etc/group /etc/shadow");
        machine.Shell("mkdir -p /run/systemd/system/overlayd.service.d && printf "
            + "'[Service]\\nExecStartPre=+/bin/sh -c \"echo start >>/run/starts\"\\n' "
            + ">/run/systemd/system/overlayd.service.d/starts.conf");
        return machine;
    }

    private static string Install(SystemdMachine machine, string file)
    {
        CommandResult result = machine.Try("sh", "-c", $"dpkg --force-unsafe-io -i {file} </dev/null").EnsureSuccess();
        return result.Output + result.Error;
    }

    // The same package as of a later version.
    private static string Newer(Node node)
    {
        string directory = Path.Combine(node.Directory, "newer");
        _ = DebianPackage.Shell($$"""
            dpkg-deb -R '{{DebianPackage.Path}}' '{{directory}}'
            sed -i 's/^Version: .*/Version: 99.0.0-1/' '{{directory}}/DEBIAN/control'
            dpkg-deb --root-owner-group -Znone --build '{{directory}}' '{{directory}}.deb'
            """);
        return $"{directory}.deb";
    }
}
