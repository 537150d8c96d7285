using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Overlay.ControlPlane.Formats;
using Overlay.ControlPlane.Leases;
using Overlay.Host.Files;
using Overlay.Wire.Values;

namespace Overlay.ControlPlane.State;

/// <summary>Keeps this node's VTEP MACs over restarts, in <c>vtep.json</c>: peers have it in their tables.</summary>
public sealed class VtepMacStore
{
    private readonly string _file;
    private readonly ILogger<VtepMacStore> _logger;

    /// <param name="stateDirectory">Made when missing.</param>
    /// <param name="logger">Told of a damaged file and of one that cannot be written.</param>
    public VtepMacStore(string stateDirectory, ILogger<VtepMacStore> logger)
    {
        _file = PathIn(stateDirectory);
        _logger = logger;
    }

    /// <summary>The stored MACs; null when there are none that make sense, which <see cref="LoadOrChoose"/> says.</summary>
    public static VtepMacs? Find(string stateDirectory) => TryRead(PathIn(stateDirectory), out VtepMacs macs, out _) ? macs : null;

    /// <summary>The stored MACs, else those this node published, else a random one; stored in the two latter cases.</summary>
    /// <param name="published">This node's lease as the control plane still has it: peers know those MACs.</param>
    public VtepMacs LoadOrChoose(Lease? published = null)
    {
        if (TryRead(_file, out VtepMacs stored, out string? damage)) return stored;
        if (damage is not null)
        {
            _logger.LogWarning(
                "State file {File} is damaged: {Reason}. The VTEP MAC is taken from this node's published lease, else chosen anew",
                _file, damage);
        }

        MacAddress? known = Usable(published?.BackendData?.Mac);
        MacAddress? knownV6 = Usable(published?.BackendV6Data?.Mac);
        // Not of the cryptographic kind: it is to be no other node's, not a secret, and that kind needs OpenSSL.
        byte[] random = new byte[MacAddress.Length];
        Random.Shared.NextBytes(random);
        MacAddress mac = known ?? knownV6 ?? MacAddress.FromRandom(random);
        VtepMacs macs = new(mac, knownV6 ?? mac);
        try
        {
            string ipv6 = macs.Ipv6 == macs.Ipv4 ? "" : $",\"VtepMACv6\":\"{macs.Ipv6}\"";
            AtomicFile.Write(_file, Encoding.UTF8.GetBytes($$"""{"VtepMAC":"{{macs.Ipv4}}"{{ipv6}}}"""));
            _logger.LogInformation(
                "VTEP MAC {Mac} ({Origin}) is stored in {File}", mac, known is null && knownV6 is null ? "random" : "as published", _file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _logger.LogError(
                "VTEP MAC {Mac} could not be stored in {File} and may change at the next start: {Reason}", mac, _file, e.Message);
        }

        return macs;
    }

    private static MacAddress? Usable(MacAddress? mac) => IsUsable(mac) ? mac : null;

    private static bool IsUsable(MacAddress? mac) => mac is { IsZero: false, IsMulticast: false };

    private static string PathIn(string stateDirectory) => Path.Combine(stateDirectory, "vtep.json");

    private static bool TryRead(string file, out VtepMacs macs, out string? damage)
    {
        macs = default;
        damage = null;
        try
        {
            VtepMacDocument? document = JsonSerializer.Deserialize(File.ReadAllBytes(file), StateJsonContext.Default.VtepMacDocument);
            JsonField field = new("VtepMAC", document?.VtepMac ?? default);
            if (field.TryGetText(out string? text) && MacAddress.TryParse(text, out MacAddress mac) && IsUsable(mac))
            {
                JsonField fieldV6 = new("VtepMACv6", document?.VtepMacV6 ?? default);
                bool hasV6 = fieldV6.TryGetText(out string? textV6) && MacAddress.TryParse(textV6, out MacAddress macV6) && IsUsable(macV6);
                macs = new(mac, hasV6 ? MacAddress.Parse(textV6!) : mac);
                return true;
            }

            damage = field.IsNot("a unicast MAC address such as \"02:00:00:00:00:02\"");
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return false;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or InvalidOperationException)
        {
            damage = e.Message;
        }

        return false;
    }
}
