using Microsoft.Extensions.Logging;
using Overlay.Host.Kernel;

namespace Overlay.Daemon.Firewall;

/// <summary>
/// Takes the tunnels' port out of those that the kernel gives to a program that asks for any port
/// (ip_local_reserved_ports).
/// </summary>
/// <remarks>
/// Such a program would keep a daemon that starts later from its port. A port that another program has reserved stays
/// so.
/// </remarks>
internal sealed class ReservedPort(ushort port, ReservedPortRecord record, ILogger logger)
{
    private const string Parameter = "net/ipv4/ip_local_reserved_ports";

    private bool _isOurs;

    /// <summary>Reserves the port, and frees another one that a crashed run has left reserved.</summary>
    public void Reserve()
    {
        try
        {
            if (TakeOver() is not { } before || PortRanges.Contains(before, port)) return;

            // The record first: after a crash between the two, the next run reserves the port again, as its own.
            record.Save(port);
            Sysctl.Set(Parameter, PortRanges.With(before, port));
            _isOurs = true;
            logger.PortReserved(port, Parameter);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            if (record.Port == port) record.Delete();
            logger.PortNotReserved(Parameter, exception.Message, port);
        }
    }

    /// <summary>
    /// Takes over the reservation that a crashed run has left, and frees another port that it has left reserved.
    /// </summary>
    /// <returns>The kernel's list after that; null where the kernel has none.</returns>
    /// <exception cref="IOException">The kernel refused.</exception>
    /// <exception cref="UnauthorizedAccessException">Permission is missing.</exception>
    public string? TakeOver()
    {
        if (Sysctl.Get(Parameter) is not { } list) return null;
        ushort? recorded = record.Port;
        if (recorded is { } former && former != port)
        {
            list = PortRanges.Without(list, former);
            Sysctl.Set(Parameter, list);
        }

        if (!PortRanges.Contains(list, port)) return list;
        _isOurs = recorded == port;
        if (!_isOurs && recorded is not null) record.Delete();
        return list;
    }

    /// <summary>
    /// Gives back what <see cref="Reserve"/> has taken, in this run or one that crashed, and only that.
    /// </summary>
    /// <exception cref="IOException">The kernel refused.</exception>
    /// <exception cref="UnauthorizedAccessException">Permission is missing.</exception>
    public void RemoveFromKernel()
    {
        if (!_isOurs || Sysctl.Get(Parameter) is not { } now) return;
        _isOurs = false;
        Sysctl.Set(Parameter, PortRanges.Without(now, port));
        record.Delete();
    }
}
