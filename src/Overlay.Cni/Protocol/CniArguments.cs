using Overlay.Wire.Values;

namespace Overlay.Cni.Protocol;

/// <summary>
/// CNI_ARGS, as <c>IP=10.244.1.9;MAC=02:00:00:00:00:0a;IgnoreUnknown=1</c>; the keys this plugin knows.
/// </summary>
/// <param name="Addresses">Wanted by IP, a list with commas.</param>
/// <param name="Mac">Wanted by MAC.</param>
internal sealed record CniArguments(IReadOnlyList<IpAddress> Addresses, MacAddress? Mac)
{
    public static CniArguments None { get; } = new([], null);

    /// <param name="text">Pairs with semicolons between.</param>
    /// <param name="problems">Gets a sentence for each bad pair.</param>
    public static CniArguments Read(string text, ICollection<string> problems)
    {
        List<IpAddress> addresses = [];
        List<string> unknown = [];
        MacAddress? mac = null;
        bool ignoreUnknown = false;
        foreach (string pair in text.Split(';', StringSplitOptions.RemoveEmptyEntries))
        {
            int equals = pair.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0)
            {
                problems.Add($"CNI_ARGS '{pair}' is not KEY=VALUE");
                continue;
            }

            string value = pair[(equals + 1)..];
            switch (pair[..equals])
            {
                case "IP":
                    foreach (string part in value.Split(
                        ',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
                    {
                        if (IpAddress.TryParse(part.Split('/')[0], out IpAddress address)) addresses.Add(address);
                        else problems.Add($"CNI_ARGS IP '{part}' is not an address such as 10.244.1.9");
                    }

                    break;
                case "MAC":
                    if (MacAddress.TryParse(value, out MacAddress parsed) && !parsed.IsMulticast && !parsed.IsZero)
                        mac = parsed;
                    else
                        problems.Add(
                            $"CNI_ARGS MAC '{value}' is not the MAC address of an interface such as 02:00:00:00:00:0a");
                    break;
                case "IgnoreUnknown":
                    ignoreUnknown = value is "1" or "true" or "True" or "TRUE" or "t" or "T";
                    break;
                default:
                    unknown.Add(pair[..equals]);
                    break;
            }
        }

        if (unknown.Count > 0 && !ignoreUnknown)
            problems.Add($"CNI_ARGS has unknown keys {string.Join(", ", unknown)}; IgnoreUnknown=1 lets them pass");
        return new(addresses, mac);
    }
}
