using System.Text.Json;
using Overlay.Cni.Protocol;
using Overlay.Pods.Attachments;
using Overlay.Pods.Names;
using Overlay.Pods.Ranges;
using Overlay.Wire.Values;

namespace Overlay.Cni.Configuration;

/// <summary>Reads the key <c>ipam</c> as the host-local plugin does, and what the runtime asks for beside it.</summary>
internal static class IpamSettingsReader
{
    /// <param name="root">The whole configuration.</param>
    /// <param name="environment">The runtime's variables.</param>
    /// <param name="isFlannel">Ranges come from the subnet file, whatever else there is.</param>
    /// <param name="attaches">
    /// False: only the kind and place matter, for what is made with bad ranges must still go.
    /// </param>
    /// <exception cref="CniException">Code 7.</exception>
    public static IpamSettings Read(CniObject root, CniEnvironment environment, bool isFlannel, bool attaches)
    {
        CniObject ipam = root.Object("ipam");
        string type = ipam.Text("type", AttachmentRecord.HostLocal, "\"host-local\"");
        if (!CniName.IsIdentifier(type))
            throw ipam.Wrong("type", $"'{type}' is not the name of a plugin; example: \"host-local\"");
        if (isFlannel && type != AttachmentRecord.HostLocal)
            throw ipam.Wrong(
                "type", $"'{type}' is not supported beside delegate, where the addresses are those of the subnet file");
        IpamSettings settings = new() { Type = type, DataDirectory = ipam.Text("dataDir") };
        if (!attaches || !settings.IsOwn) return settings;

        List<PodRoute> routes = [];
        CniResultReader.AddRoutes(ipam, routes);
        return settings with
        {
            RangeSets = isFlannel ? [] : ReadRangeSets(ipam, root.Object("runtimeConfig")),
            Routes = routes,
            Requested = ReadRequested(root, environment),
            ResolvConf = ipam.Text("resolvConf"),
        };
    }

    private static List<RangeSet> ReadRangeSets(CniObject ipam, CniObject runtime)
    {
        List<RangeSet> sets = [];
        AddRangeSets(runtime, "ipRanges", sets);

        // The old form, with one range beside the other keys.
        if (ipam.Has("subnet")) sets.Add(ReadSet(ipam, "subnet", [ipam]));
        AddRangeSets(ipam, "ranges", sets);
        for (int i = 1; i < sets.Count; i++)
        {
            for (int j = 0; j < i; j++)
            {
                if (sets[i].Overlaps(sets[j]))
                    throw ipam.Wrong("ranges", $"range sets {sets[j]} and {sets[i]} overlap");
            }
        }

        return sets;
    }

    private static void AddRangeSets(CniObject from, string key, List<RangeSet> sets)
    {
        foreach (JsonElement item in from.Items(key))
        {
            if (item.ValueKind != JsonValueKind.Array)
                throw from.Wrong(key, item, "[[{\"subnet\": \"10.244.1.0/24\"}]]");
            List<CniObject> ranges = [];
            foreach (JsonElement range in item.EnumerateArray())
            {
                if (range.ValueKind != JsonValueKind.Object)
                    throw from.Wrong(key, range, "{\"subnet\": \"10.244.1.0/24\"}");
                ranges.Add(new(range, $"{key}."));
            }

            sets.Add(ReadSet(from, key, ranges));
        }
    }

    private static RangeSet ReadSet(CniObject from, string key, List<CniObject> items)
    {
        try
        {
            List<AddressRange> ranges = [];
            foreach (CniObject item in items)
            {
                IpPrefix subnet = item.Prefix("subnet")
                    ?? throw item.Wrong("subnet", "is missing; example: \"10.244.1.0/24\"");
                ranges.Add(new(subnet, item.Address("rangeStart"), item.Address("rangeEnd"), item.Address("gateway")));
            }

            return new(ranges);
        }
        catch (FormatException exception)
        {
            throw from.Wrong(key, exception.Message);
        }
    }

    private static List<IpAddress> ReadRequested(CniObject root, CniEnvironment environment)
    {
        List<IpAddress> requested = [.. environment.Arguments.Addresses];
        foreach (CniObject from in (ReadOnlySpan<CniObject>)[root.Object("args")
            .Object("cni"), root.Object("runtimeConfig")])
        {
            foreach (string text in from.Texts("ips"))
            {
                if (!IpAddress.TryParse(text.Split('/')[0], out IpAddress address))
                    throw from.Wrong("ips", $"'{text}' is not an address; example: [\"10.244.1.9\"]");
                if (!requested.Contains(address)) requested.Add(address);
            }
        }

        return requested;
    }
}
