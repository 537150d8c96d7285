using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Overlay.Lab.Processes;

namespace Overlay.Lab.Stores;

/// <summary>
/// One member of an etcd cluster, or all there is of it: a process with a data directory, which outlives the process.
/// </summary>
/// <remarks>On an end by dispose, or of the lab's own process, both are gone.</remarks>
public sealed class EtcdServer : IDisposable
{
    // etcd syncs every write, and what a test writes need not outlive the machine.
    private const string Memory = "/dev/shm";

    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(60);

    private readonly EtcdServerOptions _options;
    private readonly string _directory;
    private readonly string _name;
    private readonly int _clientPort;
    private readonly int _peerPort;
    private readonly CancellationTokenRegistration _tearDown;
    private string _cluster = "";
    private BackgroundProcess? _process;
    private int _starts;

    private EtcdServer(EtcdServerOptions options, int number)
    {
        _options = options;
        _name = string.Create(CultureInfo.InvariantCulture, $"m{number}");
        (_clientPort, _peerPort) = options.Namespace is { } inside ? inside.Invoke(FreePorts) : FreePorts();
        _directory =
            Path.Combine(Directory.Exists(Memory) ? Memory : Path.GetTempPath(), $"overlay-etcd-{Guid.NewGuid():n}");
        _ = Directory.CreateDirectory(_directory);
        _tearDown = Interruption.TearDown(Dispose);
    }

    /// <summary>What clients connect to.</summary>
    public Uri Endpoint => UrlOf(_options.Tls is null ? "http" : "https", _clientPort);

    /// <summary>All it has written since it was started last.</summary>
    public string Log => _process?.Log ?? "";

    private Uri PeerUrl => UrlOf("http", _peerPort);

    /// <summary>Starts a cluster of one, and waits until it answers.</summary>
    public static EtcdServer Start(EtcdServerOptions? options = null) =>
        StartCluster((options ?? new()) with { Members = 1 })[0];

    /// <summary>Starts a cluster, and waits until every member answers.</summary>
    public static IReadOnlyList<EtcdServer> StartCluster(EtcdServerOptions options)
    {
        List<EtcdServer> members = [];
        try
        {
            for (int i = 1; i <= options.Members; i++) members.Add(new(options, i));
            string cluster =
                string.Join(',', members.Select(static member => $"{member._name}={member.PeerUrl.OriginalString}"));
            foreach (EtcdServer member in members) member._cluster = cluster;
            members.ForEach(static member => member.Launch());
            members.ForEach(static member => member.WaitReady());
            return members;
        }
        catch
        {
            members.ForEach(static member => member.Dispose());
            throw;
        }
    }

    /// <summary>Starts it again, with its data and on its port, and waits until it answers.</summary>
    public void Restart()
    {
        Kill();
        Launch();
        WaitReady();
    }

    /// <summary>SIGKILL, which etcd has to survive anyway.</summary>
    public void Kill()
    {
        _process?.Kill();
        _process?.Forget();
        _process = null;
    }

    /// <summary>Ends it and throws its data away: another, empty store on the same port once it is started.</summary>
    public void Wipe()
    {
        Kill();
        Directory.Delete(Path.Combine(_directory, "data"), recursive: true);
    }

    /// <summary>Runs etcdctl against it, for a success.</summary>
    /// <returns>What it wrote.</returns>
    public string Ctl(params IEnumerable<string> arguments)
    {
        List<string> line = [$"--endpoints={Endpoint.OriginalString}"];
        if (_options.Tls is { } tls)
            line.AddRange([$"--cacert={tls.CaFile}", $"--cert={tls.ClientCertFile}", $"--key={tls.ClientKeyFile}"]);
        Dictionary<string, string> environment = new() { ["ETCDCTL_API"] = "3" };
        string[] inside = _options.Namespace is { } space ? ["ip", "netns", "exec", space.Namespace] : [];
        string[] all = [.. inside, "etcdctl", .. line, .. arguments];
        return Command.Run(Command.DefaultLimit, all[0], all[1..], environment: environment).EnsureSuccess().Output;
    }

    public void Dispose()
    {
        Kill();
        if (Directory.Exists(_directory)) Directory.Delete(_directory, recursive: true);
        _tearDown.Unregister();
    }

    private static (int Client, int Peer) FreePorts(IPAddress address)
    {
        using TcpListener client = new(address, 0);
        using TcpListener peer = new(address, 0);
        client.Start();
        peer.Start();
        return (((IPEndPoint)client.LocalEndpoint).Port, ((IPEndPoint)peer.LocalEndpoint).Port);
    }

    private (int Client, int Peer) FreePorts() => FreePorts(_options.Address);

    private Uri UrlOf(string scheme, int port) => new($"{scheme}://{new IPEndPoint(_options.Address, port)}");

    private void Launch()
    {
        List<(string Flag, string Value)> settings =
        [
            ("name", _name),
            ("data-dir", Path.Combine(_directory, "data")),
            ("listen-client-urls", Endpoint.OriginalString),
            ("advertise-client-urls", Endpoint.OriginalString),
            ("listen-peer-urls", PeerUrl.OriginalString),
            ("initial-advertise-peer-urls", PeerUrl.OriginalString),
            ("initial-cluster", _cluster),
        ];

        // Alone it elects itself, and need not wait long for others that could be elected.
        if (_options.Members == 1) settings.AddRange([("heartbeat-interval", "50"), ("election-timeout", "500")]);
        if (_options.ProgressInterval is { } interval)
            settings.Add(("experimental-watch-progress-notify-interval", string.Create(
                CultureInfo.InvariantCulture, $"{interval.TotalSeconds}s")));
        if (_options.Tls is { } tls)
            settings.AddRange([("cert-file", tls.CertFile), ("key-file", tls.KeyFile),
                ("trusted-ca-file", tls.CaFile), ("client-cert-auth", "true")]);
        string[] arguments = _options.UsesConfigFile
            ? ["--config-file", WriteConfigFile(settings)]
            : [.. settings.Select(static setting => $"--{setting.Flag}={setting.Value}"), .. _options.Flags];
        string log = Path.Combine(_directory, string.Create(CultureInfo.InvariantCulture, $"{++_starts}.log"));
        _process = new BackgroundProcess(_options.Namespace?.Namespace, log, "etcd", arguments);
    }

    private string WriteConfigFile(IEnumerable<(string Flag, string Value)> settings)
    {
        string file = Path.Combine(_directory, "etcd.yml");
        File.WriteAllLines(file, settings.Select(static setting => $"{setting.Flag}: {setting.Value}"));
        return file;
    }

    private void WaitReady() => _process!.WaitForLog("ready to serve client requests", _patience);
}
