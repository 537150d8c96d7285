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

    /// <summary>The interface's name or address; null where no flag was given.</summary>
    /// <exception cref="ConfigurationException">A pattern or address is none.</exception>
    /// <exception cref="IOException">No interface matches yet.</exception>
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

        if (flags.All("iface-regex").Select(pattern => Match(pattern, links, addresses)).FirstOrDefault(
            static name => name is not null) is { } matched)
            return matched;
        if (flags["iface-can-reach"] is { } target) return FindWay(target, links);

        // The daemon waits for an interface that is not there yet. Another one than a pattern means is no substitute.
        return flags.All("iface") is [string first, ..] ? first
            : flags.All("iface-regex") is [string pattern, ..] ? throw new IOException(
                $"no interface of this host matches -iface-regex '{pattern}': ip address show")
            : null;
    }

    private string FindWay(string target, IReadOnlyList<LinkInfo> links)
    {
        if (!IpAddress.TryParse(target, out IpAddress there))
            throw new ConfigurationException(
                $"flag -iface-can-reach '{target}' is no IP address; example: -iface-can-reach=192.0.2.1");
        int? index = netlink.FindRoute(there)?.LinkIndex;
        return links.FirstOrDefault(link => link.Index == index)?.Name
            ?? throw new IOException($"no route leads to -iface-can-reach {target} yet: ip route get {target}");
    }

    private static string? Match(
        string pattern, IReadOnlyList<LinkInfo> links, IReadOnlyList<AddressInfo> addresses)
    {
        Regex regex = RegexOf(pattern);
        return (links.FirstOrDefault(link =>
                addresses.Any(a => a.LinkIndex == link.Index && regex.IsMatch($"{a.Address}")))
            ?? links.FirstOrDefault(link => regex.IsMatch(link.Name)))?.Name;
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
