using System.Text.RegularExpressions;
using Overlay.Daemon.Options;
using Overlay.Host.Netlink;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Flannel;

/// <summary>Finds the interface that a flanneld's flags mean: by name or address, by pattern, by the way to an address.</summary>
/// <param name="netlink">Asks this host.</param>
internal sealed class FlannelInterface(RouteNetlink netlink)
{
    // Patterns come from whoever starts the daemon; one that takes long is a mistake.
    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(1);

    /// <summary>The interface's name or address; null where no flag was given, or none matches.</summary>
    /// <exception cref="ConfigurationException">A pattern or address is none.</exception>
    /// <exception cref="Overlay.Host.Interop.LinuxException">rtnetlink refused.</exception>
    public string? Find(FlannelCommandLine flags)
    {
        IReadOnlyList<LinkInfo> links = netlink.GetLinks();
        IReadOnlyList<AddressInfo> addresses = netlink.GetAddresses();
        foreach (string name in flags.All("iface"))
        {
            if (links.Any(link => link.Name == name)) return name;
            if (IpAddress.TryParse(name, out IpAddress address) && addresses.Any(a => a.Address == address)) return name;
        }

        foreach (string pattern in flags.All("iface-regex"))
        {
            Regex regex = RegexOf(pattern);
            LinkInfo? found = links.FirstOrDefault(link =>
                addresses.Any(a => a.LinkIndex == link.Index && regex.IsMatch($"{a.Address}")))
                ?? links.FirstOrDefault(link => regex.IsMatch(link.Name));
            if (found is not null) return found.Name;
        }

        if (flags["iface-can-reach"] is { } target)
        {
            if (!IpAddress.TryParse(target, out IpAddress there))
                throw new ConfigurationException(
                    $"flag -iface-can-reach '{target}' is no IP address; example: -iface-can-reach=192.0.2.1");
            int? index = netlink.FindRoute(there)?.LinkIndex;
            if (links.FirstOrDefault(link => link.Index == index) is { } way) return way.Name;
        }

        // The daemon waits for an interface that is not there yet.
        return flags.All("iface") is [string first, ..] ? first : null;
    }

    private static Regex RegexOf(string pattern)
    {
        try
        {
            return new Regex(pattern, RegexOptions.CultureInvariant, _limit);
        }
        catch (ArgumentException exception)
        {
            throw new ConfigurationException(
                $"flag -iface-regex '{pattern}' is no pattern: {exception.Message}; example: -iface-regex=^eth");
        }
    }
}
