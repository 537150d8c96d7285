using System.Globalization;
using System.Net;
using Overlay.Wire.Values;

namespace Overlay.ControlPlane.Sources.Proxies;

/// <summary>The destinations that are asked without a proxy: NO_PROXY, as Go programs read it. Immutable.</summary>
/// <remarks>
/// Entries are separated by commas: an address or a prefix in CIDR form, a name for itself and all names below it, one
/// that begins with <c>.</c> or <c>*.</c> for those below it alone, <c>*</c> for all. Address and name may be followed
/// by a port. This host is never asked by way of a proxy (golang.org/x/net/http/httpproxy).
/// </remarks>
internal sealed class ProxyExceptions
{
    private readonly bool _isAll;
    private readonly List<Range> _ranges = [];
    private readonly List<Domain> _domains = [];

    public ProxyExceptions(string? text)
    {
        foreach (string entry in (text ?? "").Split(',', StringSplitOptions.TrimEntries))
        {
            if (entry == "*") _isAll = true;
            else Add(entry.ToLowerInvariant());
        }
    }

    public bool Has(Uri destination)
    {
        string host = destination.IdnHost.ToLowerInvariant();
        string port = destination.Port.ToString(CultureInfo.InvariantCulture);
        if (_isAll || host == "localhost") return true;
        if (!IPAddress.TryParse(host, out IPAddress? parsed)) return _domains.Exists(domain => domain.Has(host, port));
        if (IPAddress.IsLoopback(parsed)) return true;
        IpAddress address = IpAddress.Of(Unmapped(parsed));
        return _ranges.Exists(range => range.Has(address, port));
    }

    private void Add(string entry)
    {
        if (TryReadPrefix(entry, out IpPrefix prefix))
        {
            _ranges.Add(new(prefix, ""));
            return;
        }

        (string host, string port) = Split(entry);
        if (IpAddress.TryParse(host, out IpAddress address))
        {
            address = IpAddress.Of(Unmapped(IPAddress.Parse(host)));
            _ranges.Add(new(new(address, address.Bits), port));
        }
        else if (host.Length > 0)
        {
            string name = host.StartsWith("*.", StringComparison.Ordinal) ? host[1..] : host;
            _domains.Add(name[0] == '.' ? new(name, false, port) : new("." + name, true, port));
        }
    }

    // Go takes set host bits, which IpPrefix refuses: 10.1.2.3/8 is 10.0.0.0/8.
    private static bool TryReadPrefix(string entry, out IpPrefix prefix)
    {
        prefix = default;
        if (entry.Split('/') is not [var start, var digits] || !IpAddress.TryParse(start, out IpAddress address)
            || !int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out int length)
            || length > address.Bits) return false;
        prefix = new(address, length);
        return true;
    }

    // HOST, HOST:PORT, IPv6 as it is, [IPv6] and [IPv6]:PORT.
    private static (string Host, string Port) Split(string entry)
    {
        int bracket = entry.StartsWith('[') ? entry.IndexOf(']') : -1;
        if (bracket > 0) return (entry[1..bracket], entry[(bracket + 1)..].TrimStart(':'));
        int colon = entry.IndexOf(':');
        return colon < 0 || colon != entry.LastIndexOf(':') ? (entry, "") : (entry[..colon], entry[(colon + 1)..]);
    }

    private static IPAddress Unmapped(IPAddress address) =>
        address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;

    // An empty port is any.
    private readonly record struct Range(IpPrefix Prefix, string Port)
    {
        public bool Has(IpAddress address, string port) =>
            Prefix.Contains(address) && (Port.Length == 0 || Port == port);
    }

    private readonly record struct Domain(string Suffix, bool HasItself, string Port)
    {
        public bool Has(string host, string port) =>
            (host.EndsWith(Suffix, StringComparison.Ordinal) || (HasItself && host == Suffix[1..]))
            && (Port.Length == 0 || Port == port);
    }
}
