using System.Diagnostics;
using Overlay.Daemon.Networks;
using Overlay.Daemon.Underlay;
using Overlay.Dataplane.Ebpf.Lifecycle;
using Overlay.Host.Interop;

namespace Overlay.Daemon.Tiers;

/// <summary>
/// Gives the tunnels' port from the daemon's sockets to the kernel's tier and back, while peers send: their datagrams go to a
/// second device of the tier meanwhile.
/// </summary>
internal static class PortChange
{
    // The overlayd before this one may have the port's sockets open for a moment more.
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(5);

    // Workers take what the sockets hold, once nothing more comes there.
    private static readonly TimeSpan _drainTime = TimeSpan.FromMilliseconds(200);

    /// <summary>From the sockets to the kernel. Workers go on to send.</summary>
    /// <exception cref="LinuxException">The kernel refused, and the sockets have the port; or neither has.</exception>
    public static void ToKernel(EbpfTier tier, ushort port, OverlayNetwork network, UnderlayEndpoint endpoint)
    {
        if (!endpoint.Receives)
        {
            // The tier of an earlier run has it.
            tier.TakePort(port);
            return;
        }

        endpoint.StopJoining();
        if (TryBridge(tier)) _ = SpinWait.SpinUntil(() => endpoint.QueuedBytes == 0, _drainTime);
        try
        {
            Swap(network, endpoint, () =>
            {
                endpoint.StopReceiving();
                Take(tier, port);
            });
        }
        finally
        {
            tier.EndHandover();
        }
    }

    /// <summary>From the kernel to the sockets.</summary>
    /// <exception cref="LinuxException">The kernel refused; nobody has the port.</exception>
    public static void ToSockets(EbpfTier tier, OverlayNetwork network, UnderlayEndpoint endpoint)
    {
        _ = TryBridge(tier);
        try
        {
            Swap(network, endpoint, () =>
            {
                tier.ReleasePort();
                endpoint.Receive();
            });
        }
        finally
        {
            tier.EndHandover();
        }
    }

    /// <summary>To the sockets, after a change that has failed half-way.</summary>
    /// <exception cref="LinuxException">Somebody else has the port.</exception>
    public static void Return(OverlayNetwork network, UnderlayEndpoint endpoint)
    {
        if (!endpoint.Receives) Swap(network, endpoint, endpoint.Receive);
    }

    // No worker may use the sockets while they are closed or opened.
    private static void Swap(OverlayNetwork network, UnderlayEndpoint endpoint, Action swap)
    {
        network.Suspend();
        try
        {
            swap();
        }
        finally
        {
            network.Attach(endpoint.Sockets);
        }
    }

    // Without it the change costs what arrives in between.
    private static bool TryBridge(EbpfTier tier)
    {
        try
        {
            return tier.TryBeginHandover();
        }
        catch (LinuxException)
        {
            return false;
        }
    }

    private static void Take(EbpfTier tier, ushort port)
    {
        long start = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                tier.TakePort(port);
                return;
            }
            catch (LinuxException exception)
                when (exception.Errno == Errno.EADDRINUSE && Stopwatch.GetElapsedTime(start) < _patience)
            {
                Thread.Sleep(_pause);
            }
        }
    }
}
