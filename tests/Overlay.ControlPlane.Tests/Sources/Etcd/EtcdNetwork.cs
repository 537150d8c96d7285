using System.Text;
using Overlay.ControlPlane.Leases;
using Overlay.ControlPlane.Sources.Etcd;
using Overlay.ControlPlane.Sources.Etcd.Client;
using Overlay.ControlPlane.Sources.Etcd.Keys;
using Overlay.Lab.Stores;
using Overlay.Testing;
using Overlay.Wire.Values;

namespace Overlay.ControlPlane.Tests;

/// <summary>The keys of one network in a real etcd, written and read past the lease source.</summary>
internal sealed class EtcdNetwork : IDisposable
{
    public const string Ipv4 = """{"Network":"10.244.0.0/16","Backend":{"Type":"vxlan"}}""";
    public const string Dual = """{"Network":"10.244.0.0/16","EnableIPv6":true,"IPv6Network":"fd00:10:244::/48","Backend":{"Type":"vxlan"}}""";

    private readonly EtcdClient _client;

    public EtcdNetwork(EtcdServer server, string prefix)
    {
        Options = new() { Endpoints = [server.Endpoint], Prefix = prefix };
        _client = new(Options);
    }

    public EtcdOptions Options { get; init; }

    public static string Value(int number) => Encoding.UTF8.GetString(LeaseValue.Format(SampleLeases.Ipv4("", number)));

    public static PodCidrRequest Request(int number, PodCidrs? previous = null) =>
        new($"n{number}", SampleLeases.Address("192.168.77.{0}", number), null, new(null, null), previous)
        {
            VtepMac = SampleLeases.Ipv4("", number).BackendData!.Mac,
        };

    public static PodCidrs Subnets(string ipv4, string? ipv6 = null) =>
        new(IpPrefix.Parse(ipv4), ipv6 is null ? null : IpPrefix.Parse(ipv6));

    public static Lease LeaseOf(int number, PodCidrs subnets) =>
        SampleLeases.Ipv4($"n{number}", number) with { Subnet = subnets.Ipv4, SubnetV6 = subnets.Ipv6 };

    public string PathOf(string key) => $"{Options.Prefix}/{key}";

    public EtcdLeaseSource NewSource(
        out CollectingLogger<EtcdLeaseSource> logger, Func<EtcdOptions, EtcdOptions>? change = null)
    {
        logger = new();
        return new(change?.Invoke(Options) ?? Options, logger);
    }

    public WatchedSource NewWatched(Func<EtcdOptions, EtcdOptions>? change = null) =>
        new(change?.Invoke(Options) ?? Options);

    /// <param name="key">Behind the prefix, such as <c>config</c>.</param>
    /// <param name="value">The value.</param>
    /// <param name="ttl">Seconds; 0: for ever, a reservation.</param>
    public void Put(string key, string value, int ttl = 0)
    {
        long lease = ttl == 0 ? 0 : _client.GrantAsync(TimeSpan.FromSeconds(ttl), default).GetAwaiter().GetResult();
        Commit(EtcdOperation.Put(Bytes(key), Encoding.UTF8.GetBytes(value), lease));
    }

    public void PutLease(string subnet, int number) => Put($"subnets/{subnet}", Value(number), ttl: 600);

    public void Delete(string key) => Commit(EtcdOperation.Delete(Bytes(key)));

    public string? Get(string key) => Entry(key) is { } entry ? Encoding.UTF8.GetString(entry.Value) : null;

    public EtcdKeyValue? Entry(string key) => _client.GetAsync(Bytes(key), default).GetAwaiter().GetResult();

    /// <summary>All subnets that are taken, in their order.</summary>
    public IReadOnlyList<string> Keys()
    {
        EtcdKeys keys = new(Options.Prefix);
        return [.. _client.ListAsync(keys.FirstSubnet, keys.SubnetsEnd, default).GetAwaiter().GetResult().Keys
            .Select(entry => Encoding.UTF8.GetString(entry.Key)[(PathOf("subnets").Length + 1)..])];
    }

    public void Dispose() => _client.Dispose();

    private byte[] Bytes(string key) => Encoding.UTF8.GetBytes(PathOf(key));

    private void Commit(EtcdOperation operation) =>
        _client.CommitAsync([], operation, default).GetAwaiter().GetResult().Succeeded.ShouldBeTrue();
}
