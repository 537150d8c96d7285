using System.Text.Json;
using Microsoft.Extensions.Logging;
using Overlay.ControlPlane.Leases;
using Overlay.Host.Files;
using Overlay.Wire.Values;

namespace Overlay.ControlPlane.State;

/// <summary>Keeps an <see cref="Assignment"/> over restarts, in <c>assignment.json</c>: a store that is away stops no node.</summary>
public sealed class AssignmentFile
{
    private readonly string _file;
    private readonly ILogger<AssignmentFile> _logger;

    /// <param name="stateDirectory">Made when missing.</param>
    /// <param name="logger">Told of a file that cannot be used or written.</param>
    public AssignmentFile(string stateDirectory, ILogger<AssignmentFile> logger)
    {
        _file = Path.Combine(stateDirectory, "assignment.json");
        _logger = logger;
    }

    /// <summary>What was saved last; null when nothing was, or nothing that makes sense.</summary>
    public Assignment? Load()
    {
        try
        {
            AssignmentDocument? document = JsonSerializer.Deserialize(File.ReadAllBytes(_file), StateJsonContext.Default.AssignmentDocument);
            return document is null ? throw new FormatException("it holds nothing") : Read(document);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException or FormatException or ArgumentException)
        {
            _logger.LogWarning("{File} cannot be used: {Reason}. Without the store this node does not start", _file, exception.Message);
            return null;
        }
    }

    /// <summary>Saves what a start needs. A disk that is full is no failure.</summary>
    public void Save(Assignment assignment)
    {
        try
        {
            AtomicFile.Write(_file, JsonSerializer.SerializeToUtf8Bytes(Write(assignment), StateJsonContext.Default.AssignmentDocument));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            _logger.LogError("{File} cannot be written: {Reason}. A restart will need the store", _file, exception.Message);
        }
    }

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
        NetworkDocument? network = assignment.Settings.Network is not { } said ? null : new NetworkDocument(
            said.Cidr?.ToString(), said.CidrV6?.ToString(), said.SubnetLength, said.SubnetLengthV6, said.Vni.Value, said.Port, said.UnderlayMtu,
            said.DirectRouting);
        return new AssignmentDocument(
            assignment.Store.Kind, assignment.Store.Place, network, assignment.Settings.PublicIp?.ToString(), assignment.Settings.PublicIpV6?.ToString(),
            assignment.PodCidrs.Ipv4?.ToString(), assignment.PodCidrs.Ipv6?.ToString());
    }

    private static IpPrefix? Prefix(string? text) => text is null ? null : IpPrefix.Parse(text);

    private static IpAddress? Address(string? text) => text is null ? null : IpAddress.Parse(text);
}
