using Microsoft.Extensions.Logging;
using Overlay.ControlPlane.Leases;
using Overlay.Host.Files;
using Overlay.Wire.Values;

namespace Overlay.ControlPlane.State;

/// <summary>
/// Keeps an <see cref="Assignment"/> over restarts, in <c>assignment.json</c>: a node starts without its store.
/// </summary>
public sealed class AssignmentFile
{
    private readonly StateFile<AssignmentDocument> _file;

    /// <param name="stateDirectory">Made when missing.</param>
    /// <param name="logger">Logs a file that cannot be used or written.</param>
    public AssignmentFile(string stateDirectory, ILogger<AssignmentFile> logger) => _file = new(
        Path.Combine(stateDirectory, "assignment.json"), StateJsonContext.Default.AssignmentDocument,
        "A start needs the store", logger);

    /// <summary>The assignment saved last; null when there is none, and when the file is damaged.</summary>
    public Assignment? Load()
    {
        if (_file.Load() is not { } document) return null;
        try
        {
            return Read(document);
        }
        catch (Exception exception) when (exception is FormatException or ArgumentException)
        {
            _file.Refuse(exception.Message);
            return null;
        }
    }

    /// <summary>Saves the answers of the store that a start needs. A full disk is no failure.</summary>
    public void Save(Assignment assignment) => _file.Save(Write(assignment));

    private static Assignment Read(AssignmentDocument document)
    {
        NetworkSettings? network = document.Network is not { } saved ? null : new NetworkSettings
        {
            Cidr = Prefix(saved.Network),
            CidrV6 = Prefix(saved.IPv6Network),
            SubnetLength = saved.SubnetLen,
            SubnetLengthV6 = saved.IPv6SubnetLen,
            Vni = new Vni(saved.VNI),
            Port = saved.Port,
            UnderlayMtu = saved.MTU,
            DirectRouting = saved.DirectRouting,
        };
        return new Assignment(
            new StoreLocation(document.Kind ?? "", document.Place ?? ""),
            new NodeSettings(network, Address(document.PublicIP), Address(document.PublicIPv6)),
            new PodCidrs(Prefix(document.Subnet), Prefix(document.SubnetV6)));
    }

    private static AssignmentDocument Write(Assignment assignment)
    {
        NetworkDocument? network = assignment.Settings.Network is not { } given ? null : new NetworkDocument(
            given.Cidr?.ToString(), given.CidrV6?.ToString(), given.SubnetLength, given.SubnetLengthV6,
            given.Vni.Value, given.Port, given.UnderlayMtu, given.DirectRouting);
        return new AssignmentDocument(
            assignment.Store.Kind, assignment.Store.Place, network,
            assignment.Settings.PublicIp?.ToString(), assignment.Settings.PublicIpV6?.ToString(),
            assignment.PodCidrs.Ipv4?.ToString(), assignment.PodCidrs.Ipv6?.ToString());
    }

    private static IpPrefix? Prefix(string? text) => text is null ? null : IpPrefix.Parse(text);

    private static IpAddress? Address(string? text) => text is null ? null : IpAddress.Parse(text);
}
