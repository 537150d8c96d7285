using System.Text.Json;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Overlay.ControlPlane.Formats;
using Overlay.ControlPlane.Leases;
using Overlay.Host.Files;
using Overlay.Wire.Values;

namespace Overlay.ControlPlane.State;

/// <summary>Keeps this node's VTEP MACs over restarts, in <c>vtep.json</c>: peers have them in their tables.</summary>
/// <remarks>
/// The file names the node. A machine that was cloned with its state has another name, and takes MACs of its own: two
/// nodes with one MAC would refuse each other.
/// </remarks>
public sealed class VtepMacStore
{
    private const string Name = "VtepMAC";

    private readonly StateFile<VtepMacDocument> _file;
    private readonly ILogger _logger;
    private readonly string _node;

    /// <param name="stateDirectory">Made when missing.</param>
    /// <param name="node">This node's name.</param>
    /// <param name="logger">Logs a damaged file, one of another node, and a file that cannot be written.</param>
    public VtepMacStore(string stateDirectory, string node, ILogger<VtepMacStore> logger)
        : this(stateDirectory, node, (ILogger)logger)
    {
    }

    private VtepMacStore(string stateDirectory, string node, ILogger logger)
    {
        _logger = logger;
        _node = node;
        _file = new(
            Path.Combine(stateDirectory, "vtep.json"), StateJsonContext.Default.VtepMacDocument,
            "The VTEP MAC is that of this node's published lease, else a new one", logger);
    }

    /// <summary>
    /// The stored MACs, whichever node they were made for; null without a log line when there are none that make sense.
    /// </summary>
    public static VtepMacs? Find(string stateDirectory) =>
        new VtepMacStore(stateDirectory, "", NullLogger.Instance).Load()?.Macs;

    /// <summary>
    /// The stored MACs, else those this node published, else a random one; the latter two are stored.
    /// </summary>
    /// <param name="published">This node's lease as the control plane still has it: peers know its MACs.</param>
    public VtepMacs LoadOrChoose(Lease? published = null)
    {
        MacAddress? known = Usable(published?.BackendData?.Mac);
        MacAddress? knownV6 = Usable(published?.BackendV6Data?.Mac);
        if (Load() is { } stored)
        {
            // A name that has changed leaves the MACs as they are where this node published them itself.
            bool isOwn = stored.Node is not { } owner || owner.Equals(_node, StringComparison.OrdinalIgnoreCase)
                || stored.Macs.Ipv4 == known || stored.Macs.Ipv6 == knownV6;
            if (isOwn)
            {
                if (stored.Node != _node) _ = Save(stored.Macs);
                return stored.Macs;
            }

            _logger.VtepMacOfAnotherNode(stored.Macs.Ipv4, _file.Path, stored.Node!, _node);
        }

        // Ordinary random numbers: the MAC has to differ from other nodes' and is no secret, and secure ones need
        // OpenSSL.
        byte[] random = new byte[MacAddress.Length];
        Random.Shared.NextBytes(random);
        MacAddress mac = known ?? knownV6 ?? MacAddress.FromRandom(random);
        VtepMacs macs = new(mac, knownV6 ?? mac);
        if (Save(macs))
            _logger.VtepMacStored(mac, known is null && knownV6 is null ? "random" : "as published", _file.Path);
        return macs;
    }

    private bool Save(VtepMacs macs) =>
        _file.Save(new(Text(macs.Ipv4), macs.Ipv6 == macs.Ipv4 ? default : Text(macs.Ipv6), _node));

    private (VtepMacs Macs, string? Node)? Load()
    {
        if (_file.Load() is not { } document) return null;
        JsonField field = new(Name, document.VtepMac);
        if (Read(field) is { } mac)
            return (new VtepMacs(mac, Read(new(Name + "v6", document.VtepMacV6)) ?? mac), document.Node);
        _file.Refuse(field.IsNot("a unicast MAC address such as \"02:00:00:00:00:02\""));
        return null;
    }

    private static MacAddress? Read(JsonField field) =>
        field.TryGetText(out string? text) && MacAddress.TryParse(text, out MacAddress mac) ? Usable(mac) : null;

    private static MacAddress? Usable(MacAddress? mac) => mac is { IsZero: false, IsMulticast: false } ? mac : null;

    private static JsonElement Text(MacAddress mac) =>
        JsonSerializer.SerializeToElement(mac.ToString(), StateJsonContext.Default.String);
}
