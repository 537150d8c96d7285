using Overlay.Dataplane.Linux.Udp;

namespace Overlay.Daemon.Underlay;

/// <summary>Whether tunnels end at the underlay now. Immutable.</summary>
/// <param name="Interface">The interface with its addresses and MTU, as last bound to.</param>
internal abstract record EndpointState(UnderlayInterface Interface)
{
    /// <summary>Every queue has its sockets, bound to the interface's addresses.</summary>
    /// <param name="Sockets">One for each queue.</param>
    /// <param name="Port">UDP port of all.</param>
    /// <param name="Interface"><inheritdoc cref="EndpointState" path="/param[@name='Interface']"/></param>
    public sealed record Open(UdpSockets Sockets, ushort Port, UnderlayInterface Interface) : EndpointState(Interface)
    {
        /// <summary>The sockets serve that underlay and port as they are.</summary>
        public bool IsFor(UnderlayInterface underlay, ushort port) =>
            Port == port && underlay.Addresses.SequenceEqual(Interface.Addresses);
    }

    /// <summary>The sockets went with an address, and others could not be bound yet.</summary>
    public sealed record Closed(UnderlayInterface Interface) : EndpointState(Interface);
}
