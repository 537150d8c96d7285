using System.Net.Sockets;
using Overlay.Daemon.Probes;
using Overlay.Dataplane.Packets;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Tests;

public class FlowSpreadTests
{
    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    public void Flows_differ_in_their_port_and_cover_every_place(string text)
    {
        IpAddress address = IpAddress.Parse(text);
        IReadOnlyList<Socket> sockets = FlowSpread.Open(address, address);
        try
        {
            int[] ports = [.. sockets.Select(FlowSpread.PortOf)];
            ports.ShouldBeUnique();
            ports.Select(port => FlowSpread.PlaceOf(address, address, port))
                .ShouldBe(Enumerable.Range(0, SourcePorts.Count));
        }
        finally
        {
            foreach (Socket socket in sockets) socket.Dispose();
        }
    }
}
