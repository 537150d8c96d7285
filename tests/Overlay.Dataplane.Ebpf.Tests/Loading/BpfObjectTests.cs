using Overlay.Dataplane.Ebpf.Loading;

namespace Overlay.Dataplane.Ebpf.Tests;

public sealed class BpfObjectTests
{
    private static readonly byte[] _object = Embedded();

    [Fact]
    public void An_object_has_its_maps_and_programs()
    {
        BpfObject source = new(_object);
        source.Maps.Keys.ShouldBe(
            ["ov_cfg", "ov_rt4", "ov_rt6", "ov_peer", "ov_vtep", "ov_stranger", "ov_cnt", "ov_traffic"],
            ignoreOrder: true);
        source.Maps["ov_rt4"].ShouldBe(new MapDefinition(11, 8, 8, 1 << 20, 1));
        source.Programs["ov_vx"].MapLoads.Select(static load => load.Map).ShouldContain("ov_vtep");
    }

    [Fact]
    public void An_object_that_is_cut_anywhere_is_refused_or_read()
    {
        int refused = 0;
        for (int length = 0; length < _object.Length; length += 7)
        {
            try
            {
                _ = new BpfObject(_object.AsMemory(0, length));
            }
            catch (InvalidDataException)
            {
                refused++;
            }
        }

        // The section headers are at the end.
        refused.ShouldBe((_object.Length + 6) / 7);
    }

    [Fact]
    public void An_object_with_damaged_bytes_is_refused_or_read()
    {
        Random random = new(1);
        int refused = 0;
        for (int i = 0; i < 20_000; i++)
        {
            byte[] damaged = [.. _object];

            // Headers and tables; the instructions are the kernel's to judge.
            int place = i % 2 == 0 ? random.Next(64) : random.Next(_object.Length * 2 / 3, _object.Length);
            damaged[place] = (byte)random.Next(256);
            try
            {
                _ = new BpfObject(damaged);
            }
            catch (InvalidDataException)
            {
                refused++;
            }
        }

        refused.ShouldBeGreaterThan(0);
    }

    [Theory]
    [InlineData(0, 0, "it is no ELF file")]
    [InlineData(4, 1, "it is not of 64 bits")]
    [InlineData(18, 62, "it is not of the BPF machine")]
    public void A_foreign_object_is_refused_by_its_fault(int place, byte value, string why)
    {
        byte[] foreign = [.. _object];
        foreign[place] = value;
        Should.Throw<InvalidDataException>(() => new BpfObject(foreign)).Message.ShouldContain(why);
    }

    private static byte[] Embedded()
    {
        using Stream stream = typeof(BpfObject).Assembly.GetManifestResourceStream("overlay.bpf.o")!;
        byte[] bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }
}
