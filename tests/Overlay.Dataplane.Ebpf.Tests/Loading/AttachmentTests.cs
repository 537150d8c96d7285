using System.Net;
using System.Net.Sockets;
using Overlay.Dataplane.Ebpf.Loading;
using Overlay.Host.Interop;
using Overlay.Host.Netlink;
using Overlay.Testing;

namespace Overlay.Dataplane.Ebpf.Tests;

public sealed class AttachmentTests : IDisposable
{
    private const int Next = -1;
    private const int Ok = 0;

    private readonly TwoNodes _nodes = new();
    private readonly BpfMap _first = BpfMap.Create("first", new MapDefinition(2, 4, 8, 1, 0));
    private readonly BpfMap _second = BpfMap.Create("second", new MapDefinition(2, 4, 8, 1, 0));

    // Nothing but the tests' datagrams leaves by eth0.
    public AttachmentTests() => _nodes.Guard(() =>
    {
        _nodes.A.Set("net/ipv6/conf/eth0/disable_ipv6", "1");
        _nodes.A.Ip("neighbour replace 192.168.77.2 lladdr 02:00:00:00:00:02 dev eth0 nud permanent");
    });

    [Theory]
    [InlineData(Next, true)]
    [InlineData(Ok, false)]
    public void A_program_that_says_next_lets_the_filters_behind_it_run(int value, bool runsBehind)
    {
        using BpfProgram front = TinyProgram.Counting(_first, value);
        using BpfProgram behind = TinyProgram.Counting(_second, Next);
        using IAttachment link = In(() => TcxLink.Create(front, Egress));
        using IAttachment filter = In(() => ClsactFilter.Create(behind, Egress));
        Send();
        Count(_first).ShouldBe(1);
        Count(_second).ShouldBe(runsBehind ? 1 : 0);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_program_is_swapped_and_taken_off(bool isTcx)
    {
        using BpfProgram one = TinyProgram.Counting(_first, Next);
        using BpfProgram other = TinyProgram.Counting(_second, Next);
        using IAttachment attachment = In(IAttachment () =>
            isTcx ? TcxLink.Create(one, Egress) : ClsactFilter.Create(one, Egress));
        Send();
        (Count(_first), Count(_second)).ShouldBe((1, 0));
        In(() => attachment.Swap(other));
        Send();
        (Count(_first), Count(_second)).ShouldBe((1, 1));
        In(attachment.RemoveFromKernel);
        Send();
        (Count(_first), Count(_second)).ShouldBe((1, 1));
    }

    [Fact]
    public void A_filter_replaces_the_one_of_an_earlier_process_and_leaves_others_alone()
    {
        using BpfProgram one = TinyProgram.Counting(_first, Next);
        using BpfProgram other = TinyProgram.Counting(_second, Next);
        In(() =>
        {
            using RouteNetlink netlink = new();
            netlink.EnsureClsact(Index);
            netlink.SetBpfFilter(Index, false, 7, 1, (int)one.Descriptor.DangerousGetHandle(), "anothers");
        });
        In(() => ClsactFilter.Create(one, Egress)).Dispose();
        using ClsactFilter filter = In(() => ClsactFilter.Create(other, Egress));
        string filters = _nodes.A.Run("tc", "filter", "show", "dev", "eth0", "egress").EnsureSuccess().Output;
        filters.Split("direct-action").Length.ShouldBe(3, filters);
        In(filter.RemoveFromKernel);
        In(() => ClsactFilter.TryRemove(Egress)).ShouldBeFalse();
        filters = _nodes.A.Run("tc", "filter", "show", "dev", "eth0", "egress").EnsureSuccess().Output;
        filters.ShouldContain("anothers");
        filters.Split("direct-action").Length.ShouldBe(2, filters);
    }

    [Fact]
    public void A_device_that_is_not_there_is_named()
    {
        using BpfProgram program = TinyProgram.Returning(Next);
        LinuxException refused = Should.Throw<LinuxException>(
            () => In(() => Attachments.Attach(program, new Place(9999, Hook.Ingress, 1))));
        refused.Message.ShouldContain("BPF_LINK_CREATE on tiny at Ingress of device 9999");
        refused.Errno.ShouldBe(Errno.ENODEV);
    }

    [Fact]
    public void A_pinned_link_outlives_its_owner_and_is_swapped_by_the_next()
    {
        using BpfDirectory directory = new();
        string pin = Path.Combine(directory.Path, "link");
        using BpfProgram one = TinyProgram.Counting(_first, Next);
        using BpfProgram other = TinyProgram.Counting(_second, Next);
        In(() => Attachments.Attach(one, Egress with { Pin = pin })).Dispose();
        Send();
        Count(_first).ShouldBe(1);
        using IAttachment adopted = In(() => Attachments.Attach(other, Egress with { Pin = pin }));
        Send();
        (Count(_first), Count(_second)).ShouldBe((1, 1));
        adopted.LinkIndex.ShouldBe(Index);
        In(adopted.RemoveFromKernel);
        File.Exists(pin).ShouldBeFalse();
        Send();
        Count(_second).ShouldBe(1);
    }

    [Fact]
    public void The_pin_of_a_device_that_is_gone_gives_way_to_a_new_link()
    {
        using BpfDirectory directory = new();
        string pin = Path.Combine(directory.Path, "link");
        using BpfProgram program = TinyProgram.Returning(Next);
        _nodes.A.Ip("link add gone type veth peer name gone2");
        int gone = In(static () => TierEnd.LinkOf("gone").Index);
        In(() => Attachments.Attach(program, new Place(gone, Hook.Egress, 1, pin))).Dispose();
        _nodes.A.Ip("link delete gone");
        using IAttachment attachment = In(() => Attachments.Attach(program, Egress with { Pin = pin }));
        attachment.LinkIndex.ShouldBe(Index);
        File.Exists(pin).ShouldBeTrue();
    }

    [Fact]
    public void A_pin_outside_of_a_bpffs_is_refused_by_its_path_and_nothing_stays_attached()
    {
        using TempDirectory directory = new();
        string pin = Path.Combine(directory.Path, "link");
        using BpfProgram program = TinyProgram.Counting(_first, Next);
        Should.Throw<LinuxException>(() => In(() => Attachments.Attach(program, Egress with { Pin = pin })))
            .Message.ShouldContain($"BPF_OBJ_PIN on {pin}");
        Send();
        Count(_first).ShouldBe(0);
    }

    public void Dispose()
    {
        _first.Dispose();
        _second.Dispose();
        _nodes.Dispose();
    }

    private int Index => In(static () => TierEnd.LinkOf("eth0").Index);

    private Place Egress => new(Index, Hook.Egress, 1);

    private T In<T>(Func<T> action) => _nodes.A.Invoke(action);

    private void In(Action action) => _nodes.A.Invoke(action);

    private void Send()
    {
        using Socket socket = In(
            static () => new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp));
        _ = socket.SendTo(new byte[] { 1 }, new IPEndPoint(IPAddress.Parse("192.168.77.2"), 9));
    }

    private static long Count(BpfMap map) => TinyProgram.Counted(map);
}
