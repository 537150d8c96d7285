using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Overlay.Wire;

namespace Overlay.ControlPlane;

/// <summary>Keeps this node's VTEP MAC over restarts, in <c>vtep.json</c>: peers have it in their tables.</summary>
public sealed class VtepMacStore
{
    private readonly string _file;
    private readonly ILogger<VtepMacStore> _logger;

    /// <param name="stateDirectory">Made when missing.</param>
    /// <param name="logger">Told of a damaged file and of one that cannot be written.</param>
    public VtepMacStore(string stateDirectory, ILogger<VtepMacStore> logger)
    {
        _file = Path.Combine(stateDirectory, "vtep.json");
        _logger = logger;
    }

    /// <summary>The stored MAC, else the one this node published, else a random one; stored in the two latter cases.</summary>
    /// <param name="published">This node's lease as the control plane still has it: peers know that MAC.</param>
    public MacAddress LoadOrChoose(Lease? published = null)
    {
        if (TryRead(out MacAddress stored)) return stored;
        MacAddress? known = published?.Vteps.Select(static vtep => vtep.Mac).FirstOrDefault(static mac => IsUsable(mac));
        MacAddress mac = known ?? MacAddress.FromRandom(RandomNumberGenerator.GetBytes(MacAddress.Length));
        try
        {
            AtomicFile.Write(_file, Encoding.UTF8.GetBytes($$"""{"VtepMAC":"{{mac}}"}"""));
            _logger.LogInformation("VTEP MAC {Mac} ({Origin}) is stored in {File}", mac, known is null ? "random" : "as published", _file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _logger.LogError(
                "VTEP MAC {Mac} could not be stored in {File} and may change at the next start: {Reason}", mac, _file, e.Message);
        }

        return mac;
    }

    private static bool IsUsable(MacAddress? mac) => mac is { IsZero: false, IsMulticast: false };

    private bool TryRead(out MacAddress mac)
    {
        mac = default;
        string reason;
        try
        {
            VtepMacDocument? document = JsonSerializer.Deserialize(File.ReadAllBytes(_file), LeaseJsonContext.Default.VtepMacDocument);
            JsonField field = new("VtepMAC", document?.VtepMac ?? default);
            if (field.TryGetText(out string? text) && MacAddress.TryParse(text, out mac) && IsUsable(mac)) return true;
            reason = field.IsNot("a unicast MAC address such as \"02:00:00:00:00:02\"");
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return false;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or InvalidOperationException)
        {
            reason = e.Message;
        }

        _logger.LogWarning(
            "State file {File} is damaged: {Reason}. The VTEP MAC is taken from this node's published lease, else chosen anew",
            _file, reason);
        return false;
    }
}
