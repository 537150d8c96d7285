using System.Net;
using Overlay.Cni.Wiring;
using Overlay.Wire.Values;

namespace Overlay.Cni.Tests;

/// <summary>A node whose pod CIDR is another than yesterday.</summary>
public sealed class FormerPodCidrTests : IDisposable
{
    private readonly BridgeLab _lab = new();

    public void Dispose() => _lab.Dispose();

    [Fact]
    public void An_address_of_a_former_pod_CIDR_stays_beside_the_new_one_while_it_has_pods()
    {
        bool hasPods = true;
        FormerPodCidrs former =
            new([IpPrefix.Parse("10.244.0.0/16"), IpPrefix.Parse("fd00:10:244::/56")], _ => hasPods);
        _lab.Attach(_lab.Request(1));
        AttachmentRequest next = _lab.Request(2) with
        {
            Addresses =
            [
                new(IpAddress.Parse("10.244.8.2"), 24, IpAddress.Parse("10.244.8.1")),
                new(IpAddress.Parse("fd00:10:244:8::2"), 64, IpAddress.Parse("fd00:10:244:8::1")),
            ],
            Former = former,
        };
        _lab.Attach(next);
        Bridge().ShouldBe(["10.244.7.1/24", "10.244.8.1/24", "fd00:10:244:7::1/64", "fd00:10:244:8::1/64"]);
        _lab.Check(next);
        _lab.Pod(1).Ping(IPAddress.Parse("10.244.8.2"), 1).Succeeded.ShouldBeTrue();

        // The last pod of former days goes while others stay.
        hasPods = false;
        AttachmentRequest last = next with
        {
            NetworkNamespacePath = BridgeLab.PathOf(_lab.Pod(3)),
            HostInterfaceName = "ov3eth0",
            Addresses = [next.Addresses[0] with { Address = IpAddress.Parse("10.244.8.3") }],
        };
        _lab.Attach(last);
        Bridge().ShouldBe(["10.244.8.1/24"]);
    }

    [Fact]
    public void An_address_of_a_former_pod_CIDR_goes_with_the_last_port_whatever_is_still_allocated()
    {
        _lab.Attach(_lab.Request(1));
        _lab.Detach(_lab.Request(1));
        AttachmentRequest next = _lab.Request(2) with
        {
            Addresses = [new(IpAddress.Parse("10.244.8.2"), 24, IpAddress.Parse("10.244.8.1"))],
            Former = new([IpPrefix.Parse("10.244.0.0/16")], static _ => true),
        };
        _lab.Attach(next);
        Bridge().ShouldBe(["10.244.8.1/24", "fd00:10:244:7::1/64"]);
    }

    private string[] Bridge() =>
    [
        .. BridgeLab.Ip(_lab.Host, "-o address show dev cni0 scope global")
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(static line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[3])
            .Order(StringComparer.Ordinal),
    ];
}
