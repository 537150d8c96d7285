using Overlay.ControlPlane.Trust;

namespace Overlay.ControlPlane.Tests;

public sealed class DepartureTests
{
    [Theory]
    [InlineData(0, 0, false, false)]
    [InlineData(1, 1, true, false)]
    [InlineData(1, 2, false, false)]
    [InlineData(2, 2, true, true)]
    [InlineData(2, 4, false, false)]
    [InlineData(3, 5, true, true)]
    public void More_than_half_is_a_mass_and_one_alone_is_no_several(int gone, int known, bool isMass, bool isSeveral)
    {
        Departure.IsMass(gone, known).ShouldBe(isMass);
        Departure.IsMassOfSeveral(gone, known).ShouldBe(isSeveral);
    }

    [Fact]
    public void An_answer_without_anything_is_believed_only_of_a_store_of_which_nothing_is_known()
    {
        StoreBelief.IsCluster(nodes: 0, knowsLeases: true).ShouldBeFalse();
        StoreBelief.IsCluster(nodes: 0, knowsLeases: false).ShouldBeTrue();
        StoreBelief.IsCluster(nodes: 1, knowsLeases: true).ShouldBeTrue();
        StoreBelief.IsNetwork(hasSettings: false, hasLeases: false).ShouldBeFalse();
        StoreBelief.IsNetwork(hasSettings: true, hasLeases: false).ShouldBeTrue();
        StoreBelief.IsNetwork(hasSettings: false, hasLeases: true).ShouldBeTrue();
    }
}
