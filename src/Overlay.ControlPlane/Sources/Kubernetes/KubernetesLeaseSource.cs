using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Overlay.ControlPlane.Leases;
using Overlay.ControlPlane.Sources.Kubernetes.Connection;
using Overlay.ControlPlane.Sources.Kubernetes.Nodes;
using Overlay.ControlPlane.Sources.Kubernetes.Objects;
using Overlay.ControlPlane.Sources.Kubernetes.Own;
using Overlay.ControlPlane.Sources.Kubernetes.Policies;
using Overlay.ControlPlane.Sources.Kubernetes.Watch;
using Overlay.Wire.Values;
using X509Certificate2 = System.Security.Cryptography.X509Certificates.X509Certificate2;

namespace Overlay.ControlPlane.Sources.Kubernetes;

/// <summary>
/// Leases as annotations of Kubernetes' Nodes, as flannel keeps them; pod CIDRs are those the cluster gives its Nodes.
/// </summary>
/// <remarks>
/// A Node that makes no sense keeps that node's last good lease, and so does one that has lost its annotations: tools
/// that write whole Nodes take them off, and the node's daemon puts them back. A list without any node is not believed.
/// </remarks>
public sealed class KubernetesLeaseSource : ILeaseSource, IDisposable
{
    private readonly KubernetesOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<KubernetesLeaseSource> _logger;
    private readonly AnnotationKeys _keys;
    private readonly NodeParser _parser;
    private readonly ApiServerClient _api;
    private readonly StoreHealth _health;
    private readonly NodeSetState _nodes;
    private readonly OwnNodeState _own;
    private readonly OwnNodeWriter _writer;
    private readonly OwnNodeReader _reader;
    private readonly ListWatch<ApiNode> _watch;
    private readonly PolicyCheck _policies;
    private volatile X509Certificate2? _certificate;
    private readonly Channel<PodCidrs> _podCidrs = Channel.CreateBounded<PodCidrs>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest });

    /// <param name="options">How the API server is reached.</param>
    /// <param name="logger">Logs every problem once a cause.</param>
    /// <param name="time">Clock of waits and times; null for the system's.</param>
    /// <exception cref="InvalidDataException">
    /// An option or the kubeconfig cannot be used; the message names key or file, value and an example.
    /// </exception>
    public KubernetesLeaseSource(
        KubernetesOptions options, ILogger<KubernetesLeaseSource> logger, TimeProvider? time = null)
    {
        _options = options;
        _logger = logger;
        _time = time ?? TimeProvider.System;
        if (!NodeName.IsValid(options.NodeName))
            throw new InvalidDataException(
                $"Overlay:NodeName is \"{options.NodeName}\", not a node's name such as node-a");
        if (!AnnotationKeys.TryParse(options.AnnotationPrefix, out AnnotationKeys? keys))
        {
            throw new InvalidDataException(
                $"Overlay:ControlPlane:Kubernetes:AnnotationPrefix is \"{options.AnnotationPrefix}\", not a prefix "
                + $"such as {KubernetesOptions.DefaultAnnotationPrefix} or example.com/blue");
        }

        ApiServerAccess access = ApiServerAccess.Of(options);
        Location = new("Kubernetes", access.Server.ToString().TrimEnd('/'));
        _keys = keys;
        _parser = new(keys);
        _api = new(ApiServerConnection.Open(
            access, options.Timings, _time, certificate => _certificate = certificate, logger), access, _parser, options.Timings);
        _health = new(Location, _time, logger);
        _nodes = new(keys, logger);
        _own = new(options.NodeName, keys, options.Timings, _time, logger);
        _writer = new(_api, _own, options.Timings, _time);
        _reader = new(_api, _parser, options.Timings, _health, _time, logger);
        _watch = new(_api, _parser, new ListQuery(
            ApiServerClient.Nodes, null, options.Timings.WatchTime), options.Timings, _health, _time, logger);
        _policies = new(_api, options.Timings, _time, logger);
    }

    /// <inheritdoc/>
    public StoreLocation Location { get; }

    /// <inheritdoc/>
    public StoreStatus Status => _health.Status;

    /// <inheritdoc/>
    public long WatchRestarts(WatchEnd end) => _health.WatchRestarts(end);

    /// <inheritdoc/>
    public long Relists => _health.Relists;

    /// <inheritdoc/>
    public DateTimeOffset? CertificateExpiry => _certificate?.NotAfter;

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, string> Problems
    {
        get
        {
            Dictionary<string, string> problems = new(_nodes.Problems);
            foreach ((string key, string problem) in _health.Problems) problems[key] = problem;
            if (_own.Problem is { } ofOwn) problems[$"nodes/{_own.Name}"] = ofOwn;
            return problems;
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> Warnings => _policies.Warning is { } warning ? [warning] : [];

    /// <inheritdoc/>
    public async Task<NodeSettings> ReadSettingsAsync(string node, CancellationToken cancellationToken)
    {
        ApiNode found = await _reader.WaitAsync(node, static _ => true, "", cancellationToken);
        return new NodeSettings(null, Address(
            found, _keys.NodePublicIp, IpFamily.IPv4), Address(found, _keys.NodePublicIpV6, IpFamily.IPv6));
    }

    /// <inheritdoc/>
    public async Task<Lease?> FindAsync(string node, CancellationToken cancellationToken)
    {
        ApiNode? found = NodeName.IsValid(node) ? await _api.GetNodeAsync(node, cancellationToken) : null;
        return found is not null && NodeLease.TryRead(found, _keys, out Lease? lease, out _) ? lease : null;
    }

    /// <inheritdoc/>
    public async Task<PodCidrs> AcquireAsync(PodCidrRequest request, CancellationToken cancellationToken)
    {
        ApiNode node = await _reader.WaitAsync(
            request.Node, static node => node.PodCidrs.Count > 0 || !string.IsNullOrEmpty(node.PodCidr),
            "to be given a pod CIDR; kube-controller-manager does so with --allocate-node-cidrs and --cluster-cidr",
            cancellationToken);
        if (!NodeLease.TryReadPodCidrs(node, out PodCidrs given, out string? error))
            throw new InvalidDataException($"Node {request.Node}: {error}");
        Compare("Overlay:Subnet", request.Configured.Ipv4, given.Ipv4, request.Node);
        Compare("Overlay:SubnetV6", request.Configured.Ipv6, given.Ipv6, request.Node);
        return given;
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<LeaseUpdate> WatchAsync(
        IReadOnlyList<Lease> known, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        _nodes.Remember(known);
        using LeaseMailbox mailbox = new();
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task read = ReadNodesAsync(mailbox, stop.Token);
        Task keep = _writer.KeepAsync(_podCidrs.Writer, stop.Token);
        Task look = _policies.RunAsync(stop.Token);
        try
        {
            while (true)
            {
                Task<LeaseUpdate> next = mailbox.TakeAsync(stop.Token);

                // All three end by cancellation, or by an error that nobody foresaw and that must not be
                // waited out.
                await await Task.WhenAny(next, read, keep, look);
                yield return await next;
            }
        }
        finally
        {
            await stop.CancelAsync();
            await Task.WhenAll(read, keep, look).ContinueWith(
                static _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<PodCidrs> WatchPodCidrsAsync(CancellationToken cancellationToken) =>
        _podCidrs.Reader.ReadAllAsync(cancellationToken);

    /// <inheritdoc/>
    public async Task PublishAsync(Lease own, CancellationToken cancellationToken)
    {
        _own.Publish(own);
        await _writer.WriteAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public async Task ReportReadyAsync(string node, CancellationToken cancellationToken)
    {
        _own.ReportReady();
        await _writer.WriteAsync(cancellationToken);
    }

    /// <inheritdoc/>
    /// <remarks>flannel keeps its annotations too: a restart and a change of daemon lose no packet.</remarks>
    public Task WithdrawAsync(string node, CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose()
    {
        _watch.Dispose();
        _writer.Dispose();
        _api.Dispose();
    }

    private async Task ReadNodesAsync(LeaseMailbox mailbox, CancellationToken cancellationToken)
    {
        while (true)
        {
            await foreach (ObjectUpdate<ApiNode> update in _watch.RunAsync(cancellationToken))
            {
                if (!_nodes.IsBelievable(update)) break;
                if (_nodes.Apply(update) is { } leases) mailbox.Post(leases);
                SeeOwn(update);
            }

            await Task.Delay(_options.Timings.DoubtPause, _time, cancellationToken);
        }
    }

    private void SeeOwn(ObjectUpdate<ApiNode> update)
    {
        ObjectChange<ApiNode> own = update.Changes.LastOrDefault(change => change.Object.Name == _own.Name);
        if (own.Object is null && !update.IsSnapshot) return;
        _own.See(own.IsDeleted ? null : own.Object);
        _writer.Wake();
    }

    private static IpAddress? Address(ApiNode node, string key, IpFamily family) =>
        NodeLease.TryReadAddress(node, key, family, out IpAddress? address, out string? error)
            ? address
            : throw new InvalidDataException($"Node {node.Name}: {error}");

    private static void Compare(string key, IpPrefix? configured, IpPrefix? given, string node)
    {
        if (configured is null || configured == given) return;
        throw new InvalidDataException(
            $"{key} is {configured}, but Kubernetes has given Node {node} "
            + $"{(given is null ? "no pod CIDR of that family" : $"the pod CIDR {given}")}; leave the key empty");
    }
}
