using Overlay.ControlPlane.Leases;

namespace Overlay.ControlPlane.Tests;

public class NodeNameTests
{
    [Theory]
    [InlineData("a")]
    [InlineData("worker-1.example.com")]
    [InlineData("10.0.0.1")]
    [InlineData("WORKER_1")]
    public void Takes_dns_names_and_their_usual_variants(string name) => NodeName.IsValid(name).ShouldBeTrue();

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData(".hidden")]
    [InlineData("-a")]
    [InlineData("a.")]
    [InlineData("a b")]
    [InlineData("a/b")]
    [InlineData("a\n")]
    [InlineData("ü")]
    public void Refuses_what_is_no_name(string? name) => NodeName.IsValid(name).ShouldBeFalse();

    [Fact]
    public void Holds_the_length_limit()
    {
        NodeName.IsValid(new string('a', NodeName.MaxLength)).ShouldBeTrue();
        NodeName.IsValid(new string('a', NodeName.MaxLength + 1)).ShouldBeFalse();
        NodeName.IsValidForFile(new string('a', NodeName.MaxFileLength)).ShouldBeTrue();
        NodeName.IsValidForFile(new string('a', NodeName.MaxFileLength + 1)).ShouldBeFalse();
        NodeName.IsValidForFile("a/b").ShouldBeFalse();
    }
}
