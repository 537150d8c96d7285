using Overlay.Dataplane.Ebpf.Mirroring;

namespace Overlay.Dataplane.Ebpf.Tests;

public sealed class NumbersTests
{
    [Fact]
    public void The_lowest_free_number_is_given_out_until_there_is_none()
    {
        Numbers numbers = new(3);
        new[] { numbers.Take(), numbers.Take(), numbers.Take(), numbers.Take() }.ShouldBe([1u, 2, 3, 0]);
        numbers.Return(2);
        numbers.Return(1);
        new[] { numbers.Take(), numbers.Take(), numbers.Take() }.ShouldBe([1u, 2, 0]);
    }

    [Fact]
    public void A_wanted_number_is_given_out_once_and_those_before_it_stay_free()
    {
        Numbers numbers = new(5);
        numbers.TryTake(4).ShouldBeTrue();
        numbers.TryTake(4).ShouldBeFalse();
        numbers.TryTake(6).ShouldBeFalse();
        new[] { numbers.Take(), numbers.Take(), numbers.Take(), numbers.Take(), numbers.Take() }
            .ShouldBe([1u, 2, 3, 5, 0]);
    }
}
