using Microsoft.Extensions.Logging;
using Overlay.Host.Kernel;

namespace Overlay.Daemon.Firewall;

/// <summary>Takes the tunnels' port out of those that the kernel gives to whoever asks for any (ip_local_reserved_ports).</summary>
/// <remarks>Such a socket would keep a daemon that starts later from its port. What somebody else has reserved stays so.</remarks>
internal sealed class ReservedPort(ushort port, ReservedPortRecord record, ILogger logger)
{
    private const string Parameter = "net/ipv4/ip_local_reserved_ports";

    private bool _isOurs;

    /// <summary>Adds the port to those that are reserved, and gives back another one that a run which crashed has left.</summary>
    public void Reserve()
    {
        if (Sysctl.Get(Parameter) is not { } before) return;
        ushort? recorded = record.Port;
        try
        {
            if (recorded is { } former && former != port)
            {
                before = PortRanges.Without(before, former);
                Sysctl.Set(Parameter, before);
            }

            if (PortRanges.Contains(before, port))
            {
                _isOurs = recorded == port;
                if (!_isOurs && recorded is not null) record.Delete();
                return;
            }

            // The record first: behind a crash between the two, the port is reserved anew and ours.
            record.Save(port);
            Sysctl.Set(Parameter, PortRanges.With(before, port));
            _isOurs = true;
            logger.LogInformation("port {Port} is taken out of those the kernel chooses from ({Parameter})", port, Parameter);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            if (record.Port == port) record.Delete();
            logger.LogWarning("{Parameter} cannot be set: {Reason}; a program may get port {Port} by chance", Parameter, exception.Message, port);
        }
    }

    /// <summary>Gives back what <see cref="Reserve"/> has taken, in this run or one that crashed, and only that.</summary>
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
