using System.Text;

namespace Overlay.ControlPlane.Sources.Etcd.Keys;

/// <summary>
/// The keys of a network in etcd: <c>&lt;prefix&gt;/config</c> and <c>&lt;prefix&gt;/subnets/…</c>. Immutable.
/// </summary>
internal sealed class EtcdKeys
{
    private readonly string _root;
    private readonly string _subnets;

    public EtcdKeys(string prefix)
    {
        _root = prefix.TrimEnd('/') + '/';
        _subnets = _root + "subnets/";
        Config = _root + "config";
        (First, End) = Range(_root);
        (FirstSubnet, SubnetsEnd) = Range(_subnets);
    }

    /// <summary>The key of net-conf.json.</summary>
    public string Config { get; }

    /// <summary>The directory of all leases.</summary>
    public string Subnets => _subnets.TrimEnd('/');

    /// <summary>The range of all keys of the network.</summary>
    public byte[] First { get; }

    public byte[] End { get; }

    /// <summary>The range of the leases' keys.</summary>
    public byte[] FirstSubnet { get; }

    public byte[] SubnetsEnd { get; }

    public byte[] ConfigBytes => Encoding.UTF8.GetBytes(Config);

    public bool IsConfig(ReadOnlySpan<byte> key) => key.SequenceEqual(ConfigBytes);

    /// <summary>The part of a lease's key behind the last slash; false for any other key.</summary>
    public bool TryGetSubnet(ReadOnlySpan<byte> key, out ReadOnlySpan<byte> subnet)
    {
        bool isSubnet = key.StartsWith(FirstSubnet) && key.Length > FirstSubnet.Length;
        subnet = isSubnet ? key[FirstSubnet.Length..] : default;
        return isSubnet;
    }

    public string PathOf(SubnetKey key) => _subnets + key;

    public byte[] BytesOf(SubnetKey key) => Encoding.UTF8.GetBytes(PathOf(key));

    // All keys that begin so: up to what the last byte, here '/', one higher begins.
    private static (byte[] First, byte[] End) Range(string directory)
    {
        byte[] first = Encoding.UTF8.GetBytes(directory);
        byte[] end = [.. first];
        end[^1]++;
        return (first, end);
    }
}
