using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Overlay.ControlPlane.Leases;
using Overlay.ControlPlane.Sources.Etcd.Keys;
using Overlay.ControlPlane.State;
using Overlay.Testing;
using Overlay.Wire.Values;

namespace Overlay.ControlPlane.Tests;

public class SubnetKeyTests
{
    private static readonly string[] _pieces = ["10.5.52.0", "10.5.52.1", "-", "24", "33", "&", "fd00:12:13::", "56",
        "::", "/", "0", "08", ".", "%1", "\0", "é"];

    [Theory]
    [InlineData("10.5.52.0-24", "10.5.52.0/24", null)]
    [InlineData("10.12.13.0-24&fd00:12:13::-56", "10.12.13.0/24", "fd00:12:13::/56")]
    [InlineData("10.244.13.0-24&fd00:10:244:3e::-64", "10.244.13.0/24", "fd00:10:244:3e::/64")]
    public void Keys_are_flannels(string text, string ipv4, string? ipv6)
    {
        SubnetKey key = new(IpPrefix.Parse(ipv4), ipv6 is null ? null : IpPrefix.Parse(ipv6));
        key.ToString().ShouldBe(text);
        SubnetKey.TryParse(Encoding.UTF8.GetBytes(text), out SubnetKey? parsed).ShouldBeTrue();
        parsed.ShouldBe(key);
    }

    [Theory]
    [InlineData("")]
    [InlineData("10.5.52.0")]
    [InlineData("10.5.52.0/24")]
    [InlineData("10.5.52.1-24")]
    [InlineData("10.5.52.0-33")]
    [InlineData("10.5.52.0-024")]
    [InlineData("10.5.52.0-24&")]
    [InlineData("fd00:12:13::-56")]
    [InlineData("10.5.52.0-24&10.5.53.0-24")]
    [InlineData("10.5.52.0-24&fd00:12:13::-56&x")]
    [InlineData("10.5.52.0-24&FD00:12:13::-56")]
    [InlineData("10.5.52.0-24 ")]
    public void Anything_else_is_no_key(string text) =>
        SubnetKey.TryParse(Encoding.UTF8.GetBytes(text), out _).ShouldBeFalse();

    [Fact]
    public void Names_of_nodes_are_valid_and_survive_the_saved_state()
    {
        SubnetKey.TryParse("10.244.13.0-24&fd00:10:244:3e::-64"u8, out SubnetKey? dual).ShouldBeTrue();
        dual!.NodeName.ShouldBe("10.244.13.0-24_fd00_10_244_3e__-64");
        NodeName.IsValid(dual.NodeName).ShouldBeTrue();
        using TempDirectory directory = new();
        Lease lease = SampleLeases.Dual(dual.NodeName, 13);
        LeaseSetFile file = new(
            directory["peers.json"], new("Etcd", "http://127.0.0.1:2379"), "", new CollectingLogger<LeaseSetFile>());
        file.Save([lease, SampleLeases.Ipv4("10.244.14.0-24", 14)]);
        IReadOnlyList<Lease> loaded = file.Load().ShouldNotBeNull();
        loaded.ShouldBe([lease, SampleLeases.Ipv4("10.244.14.0-24", 14)]);
    }

    [Fact]
    public void No_bytes_make_it_throw() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(5000), Prop.ForAll(ArbMap.Default.ArbFor<byte[]>(), ParsesOrNot));

    [Fact]
    public void No_mixture_of_pieces_makes_it_throw() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(5000),
        Prop.ForAll(Gen.Elements(_pieces).ArrayOf()
            .Select(static pieces => Encoding.UTF8.GetBytes(string.Concat(pieces))).ToArbitrary(), ParsesOrNot));

    private static bool ParsesOrNot(byte[] text) =>
        !SubnetKey.TryParse(text, out SubnetKey? key)
            || (NodeName.IsValid(key.NodeName) && Encoding.UTF8.GetBytes(key.ToString()).AsSpan().SequenceEqual(text));
}
