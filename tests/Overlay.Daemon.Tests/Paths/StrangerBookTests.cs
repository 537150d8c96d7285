using Overlay.ControlPlane.Reconciliation;
using Overlay.Daemon.Paths;
using Overlay.Testing;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Tests;

public class StrangerBookTests
{
    private static readonly IpAddress _address = IpAddress.Parse("192.0.2.9");

    private readonly ManualTimeProvider _time = new();
    private readonly StrangerBook _book;

    public StrangerBookTests() => _book = new StrangerBook(_time);

    [Fact]
    public void An_address_is_named_with_the_peer_it_seems_to_be_and_the_mend_until_it_sends_no_more()
    {
        Send(_address, new SenderFinding(_address, "b", "Overlay:Dataplane:LearnSenders is false"));
        _book.TryRefresh(out IReadOnlyList<string> texts).ShouldBeTrue();
        texts.ShouldBe(
        [
            "192.0.2.9 sends frames for this node as node b does, and no peer has that address: they are dropped "
            + "(UnknownVtep), as Overlay:Dataplane:LearnSenders is false; let that node's lease have the address it "
            + "sends from (flannel: --public-ip, or an update to 0.27.4)",
        ]);
        _book.TryRefresh(out _).ShouldBeFalse("nothing is new");

        _time.Now += StrangerBook.Memory;
        _book.TryRefresh(out texts).ShouldBeTrue();
        texts.ShouldBeEmpty();
    }

    [Fact]
    public void The_last_frames_of_a_node_that_stops_are_not_worth_a_word()
    {
        _book.Note(_address, new SenderFinding(_address, null, "it is nobody's"));
        _time.Now += StrangerBook.Persistence / 2;
        _book.Note(_address, new SenderFinding(_address, null, "it is nobody's"));
        _time.Now += StrangerBook.Persistence;
        _book.TryRefresh(out _).ShouldBeFalse();
        _book.Findings.ShouldBeEmpty();
    }

    [Fact]
    public void An_address_that_has_a_peer_by_now_is_not_named_any_more()
    {
        Send(_address, new SenderFinding(_address, null, "their inner source 10.9.9.9 is in no pod CIDR"));
        _ = _book.TryRefresh(out _);
        _book.Note(_address, new SenderFinding(_address, "b", null));
        _book.TryRefresh(out IReadOnlyList<string> texts).ShouldBeTrue();
        texts.ShouldBeEmpty();
    }

    [Fact]
    public void Frames_that_say_something_else_each_time_do_not_change_the_text_each_time()
    {
        int changes = 0;
        for (int i = 0; i < 50; i++)
        {
            _book.Note(_address, new SenderFinding(_address, null, $"their inner source 10.9.9.{i} is in no pod CIDR"));
            if (_book.TryRefresh(out _)) changes++;
            _time.Now += TimeSpan.FromSeconds(1);
        }

        changes.ShouldBe(1);
    }

    [Fact]
    public void However_many_addresses_send_few_are_named_and_the_rest_is_pointed_to()
    {
        for (int round = 0; round < 2; round++)
        {
            for (uint i = 0; i < 10_000; i++)
                _book.Note(_address.Add(i), new SenderFinding(_address.Add(i), null, "it is nobody's"));
            _time.Now += StrangerBook.Persistence;
        }

        _ = _book.TryRefresh(out IReadOnlyList<string> texts);
        texts.Count.ShouldBe(9);
        texts[^1].ShouldContain("UnknownVtep in overlayctl counters");
        _book.Findings.Count.ShouldBe(64);
    }

    private void Send(IpAddress address, SenderFinding finding)
    {
        _book.Note(address, finding);
        _time.Now += StrangerBook.Persistence;
        _book.Note(address, finding);
    }
}
