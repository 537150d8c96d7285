using FsCheck;
using FsCheck.Fluent;
using Overlay.Daemon.Probes;

namespace Overlay.Daemon.Tests;

public class ProbePacketTests
{
    private static readonly Config _config = Config.QuickThrowOnFailure.WithMaxTest(2000);

    [Fact]
    public void The_bytes_are_those_of_the_document()
    {
        byte[] packet = new byte[32];
        Array.Fill(packet, (byte)0xff);
        new ProbePacket(ProbeKind.Question, 0x0102_0304_0506_0708, 0x1112_1314_1516_1718, 0x2122_2324).Write(packet);
        Convert.ToHexStringLower(packet)
            .ShouldBe("4f565052" + "01010000" + "0102030405060708" + "1112131415161718" + "21222324" + "00000000");
    }

    [Fact]
    public void Every_probe_is_read_as_it_was_written_whatever_its_padding() =>
        Check.One(_config, Prop.ForAll<ulong, long, uint>((session, sent, sequence) =>
        {
            ProbePacket probe = new((sequence & 1) == 0 ? ProbeKind.Question : ProbeKind.Answer, session, sent, sequence);
            byte[] packet = new byte[ProbePacket.Length + (int)(sequence % 1400)];
            probe.Write(packet);
            return ProbePacket.TryRead(packet, out ProbePacket read) && read == probe;
        }));

    [Fact]
    public void No_bytes_make_it_throw_and_noise_is_no_probe() =>
        Check.One(_config, Prop.ForAll(
            ArbMap.Default.ArbFor<byte[]>(), static bytes => !ProbePacket.TryRead(bytes, out _)));

    [Fact]
    public void Noise_behind_the_magic_is_a_probe_where_version_kind_and_reserved_bytes_are_good() =>
        Check.One(_config, Prop.ForAll<byte, byte, byte[]>(static (version, kind, rest) =>
        {
            // Values of both sides of every bound: each is a good one in half of the cases.
            byte[] packet = [.. "OVPR"u8, (byte)(version & 1), (byte)(kind & 3), 0, (byte)(rest.Length & 1), .. rest];
            bool isProbe = packet.Length >= ProbePacket.Length && packet[4] == 1 && packet[5] is 1 or 2 && packet[7] == 0;
            return ProbePacket.TryRead(packet, out _) == isProbe;
        }));

    [Fact]
    public void A_damaged_or_cut_head_is_no_probe_and_any_value_behind_it_is_one()
    {
        byte[] good = new byte[ProbePacket.Length];
        new ProbePacket(ProbeKind.Question, 1, 2, 3).Write(good);
        for (int length = 0; length < good.Length; length++)
        {
            ProbePacket.TryRead(good.AsSpan(0, length), out _).ShouldBeFalse($"cut at {length}");
            for (int bit = 0; bit < 8; bit++)
            {
                byte[] damaged = [.. good];
                damaged[length] ^= (byte)(1 << bit);

                // Magic, version, kind and reserved are the first eight bytes.
                ProbePacket.TryRead(damaged, out _).ShouldBe(length >= 8, $"bit {bit} of byte {length}");
            }
        }
    }

    [Fact]
    public void An_answer_is_the_question_but_for_its_kind()
    {
        byte[] packet = new byte[100];
        ProbePacket question = new(ProbeKind.Question, 7, 8, 9);
        question.Write(packet);
        ProbePacket.MakeAnswer(packet);
        ProbePacket.TryRead(packet, out ProbePacket answer).ShouldBeTrue();
        answer.ShouldBe(question with { Kind = ProbeKind.Answer });
    }
}
