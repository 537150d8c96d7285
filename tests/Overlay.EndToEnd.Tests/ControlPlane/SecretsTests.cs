using System.Text.Json.Nodes;
using Overlay.Lab.Processes;
using Overlay.Lab.Stores;
using Overlay.Lab.Topology;

namespace Overlay.EndToEnd.Tests.ControlPlane;

/// <summary>
/// Daemons that were given every kind of secret, to stores that take it, refuse it and are away: none shows it to
/// anybody who reads log, reports, metrics, output of overlayctl, or the arguments of programs.
/// </summary>
public class SecretsTests
{
    // In every secret here, and nowhere else.
    private const string Secret = "hunter2";

    private static readonly string[] _reports =
        ["v1/status", "v1/config", "v1/checks", "v1/peers", "v1/log-level", "metrics", "readyz?verbose"];

    [Fact]
    public async Task No_secret_of_a_store_is_shown_in_success_or_failure()
    {
        await using KubernetesCluster cluster = await KubernetesCluster.StartAsync(new LabOptions
        {
            Name = "secrets",
            Nodes = 5,
            PodsPerNode = 0,
            Underlay = AddressFamilies.V4,
            Inner = AddressFamilies.V4,
        });
        LabNetwork lab = cluster.Lab;
        using EtcdServer etcd = StartEtcd(lab);
        UriBuilder endpoint = new(etcd.Endpoint) { UserName = "u", Password = $"{Secret}-url" };

        // A token that the API server takes.
        Node token = lab["a"];
        string kubeconfig = Path.Combine(token.Directory, "kubeconfig");
        ShowToken(kubeconfig);
        cluster.Register(token);

        // etcd's password, right and wrong, and a URL with another.
        Node right = lab["b"], wrong = lab["c"];
        Configure(right, Etcd(endpoint.Uri, $"{Secret}-right"));
        Configure(wrong, Etcd(endpoint.Uri, $"{Secret}-wrong"));

        // A store that is away, with the token and a URL with a password.
        Node away = lab["d"];
        string lost = Path.Combine(away.Directory, "kubeconfig");
        ShowToken(lost);
        Configure(away, new JsonObject
        {
            ["Kind"] = "Kubernetes",
            ["Kubernetes"] = new JsonObject
            {
                ["Kubeconfig"] = lost,
                ["ApiServer"] = $"https://u:{Secret}-url@127.0.0.1:1",
                ["NetConf"] = Path.Combine(away.Directory, "net-conf.json"),
            },
        });

        DaemonProcess[] daemons = [.. new[] { token, wrong, away }.Select(
            static node => node.StartDaemon("--Serilog:MinimumLevel", "Verbose"))];
        string trace = Path.Combine(right.Directory, "programs");
        BackgroundProcess traced = right.Start(
            "sh", "-c",
            $"{StartEnvironment.DotnetRoot} exec strace -f --seccomp-bpf -qq -e trace=execve -s 10000 -o {trace} "
            + $"{ProductBinary.Find("overlayd")} --config {right.ConfigPath} --Serilog:MinimumLevel Verbose");
        daemons[0].WaitReady();
        daemons[1].WaitForLog("authentication failed");
        daemons[2].WaitForLog("cannot be reached");
        Waiting.For(() => right.Overlayctl("ready").Succeeded, 60);

        foreach ((Node node, string log) in new[]
        {
            (token, daemons[0].Log), (wrong, daemons[1].Log), (away, daemons[2].Log), (right, traced.Log),
        })
        {
            log.ShouldContain(" DBG ", Case.Sensitive, node.Name);
            ShouldBeSilent(log, $"log of {node.Name}");
            foreach (string report in _reports) ShouldBeSilent(Read(node, report), $"{report} of {node.Name}");
        }

        foreach (string command in new[] { "status", "config -o wide", "config -o json", "doctor" })
        {
            CommandResult said = right.Overlayctl(command.Split(' '));
            said.Output.ShouldNotBeEmpty();
            ShouldBeSilent(said.Output + said.Error, $"overlayctl {command}");
        }

        string programs = File.ReadAllText(trace);
        programs.ShouldContain("nft");
        ShouldBeSilent(programs, "arguments of programs");

        // A key that is none, and a password whose key is misspelt.
        Node bad = lab["e"];
        string key = Path.Combine(bad.Directory, "key.pem");
        File.WriteAllText(key, $"-----BEGIN PRIVATE KEY-----\n{Secret}\n-----END PRIVATE KEY-----\n");
        JsonObject store = Etcd(new($"https://u:{Secret}-url@127.0.0.1:1"), $"{Secret}-right");
        (store["Etcd"]!["CertFile"], store["Etcd"]!["KeyFile"]) = (key, key);
        Configure(bad, store);
        ShouldEnd(bad.StartDaemon(), "ControlPlane:Etcd:CertFile or KeyFile is ");
        store = Etcd(endpoint.Uri, $"{Secret}-right");
        store["Etcd"]!["Passwort"] = $"{Secret}-right";
        Configure(bad, store);
        ShouldEnd(bad.StartDaemon(), "Overlay:ControlPlane:Etcd:Passwort '***' is not a key");
    }

    private static EtcdServer StartEtcd(LabNetwork lab)
    {
        EtcdServer etcd =
            EtcdServer.Start(new EtcdServerOptions { Namespace = lab.Switch, Address = LabAddresses.OutsideV4 });
        _ = etcd.Ctl("put", "/coreos.com/network/config", """{"Network":"10.244.0.0/16","Backend":{"Type":"vxlan"}}""");
        _ = etcd.Ctl("user", "add", $"root:{Secret}-right");
        _ = etcd.Ctl("user", "grant-role", "root", "root");
        _ = etcd.Ctl("auth", "enable");
        return etcd;
    }

    private static JsonObject Etcd(Uri endpoint, string password) => new()
    {
        ["Kind"] = "Etcd",
        ["Etcd"] = new JsonObject
        {
            ["Endpoints"] = new JsonArray(endpoint.OriginalString),
            ["Username"] = "root",
            ["Password"] = password,
        },
    };

    private static void Configure(Node node, JsonObject store) => node.WriteConfig(overlay =>
    {
        overlay["Network"] = new JsonObject();
        (overlay["Subnet"], overlay["SubnetV6"]) = ("", "");
        overlay["ControlPlane"] = store.DeepClone();
    });

    private static void ShowToken(string kubeconfig)
    {
        string text = File.ReadAllText(kubeconfig);
        string shown = text.Replace("user: {  }", $"user: {{ token: {Secret}-token }}", StringComparison.Ordinal);
        shown.ShouldNotBe(text);
        File.WriteAllText(kubeconfig, shown);
    }

    private static string Read(Node node, string report)
    {
        try
        {
            return AdminSocket.Get(node.Socket, report);
        }
        catch (HttpRequestException exception)
        {
            // A node that is not made has no peers, and is not ready: the text is in the message.
            return exception.Message;
        }
    }

    private static void ShouldBeSilent(string text, string place) =>
        text.ShouldNotContain(Secret, Case.Insensitive, place);

    private static void ShouldEnd(DaemonProcess daemon, string reason)
    {
        Waiting.For(() => daemon.HasExited);
        daemon.Log.ShouldContain(reason);
        ShouldBeSilent(daemon.Log, "log of a start that fails");
    }
}
