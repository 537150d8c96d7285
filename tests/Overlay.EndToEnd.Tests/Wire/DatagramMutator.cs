using System.Buffers.Binary;
using Overlay.Wire;
using Overlay.Wire.Checksums;
using Overlay.Wire.Headers;

namespace Overlay.EndToEnd.Tests.Wire;

/// <summary>Spoils sound datagrams at random, the same way for the same seed.</summary>
internal sealed class DatagramMutator(int seed, IReadOnlyList<VxlanDatagram> templates)
{
    private const int Ip = VxlanOverhead.InPayload;

    private static readonly ushort[] _extremes = [0, 1, 0x7fff, 0x8000, 0xffff];

    private readonly Random _random = new(seed);

    public byte[] Next()
    {
        byte[] datagram = templates[_random.Next(templates.Count)].ToArray();
        for (int changes = _random.Next(1, 5); changes > 0; changes--) datagram = Change(datagram);

        // Else hardly anything gets past the inner header checksum.
        if (_random.Next(2) == 0) Mend(datagram);
        return datagram;
    }

    private byte[] Change(byte[] datagram)
    {
        // Half of all changes hit the headers, which else the payload would shield.
        int at =
            _random.Next(_random.Next(2) == 0 ? Math.Min(datagram.Length, Ip + Ipv6Header.Length) : datagram.Length);
        switch (_random.Next(6))
        {
            case 0 when at < datagram.Length:
                datagram[at] ^= (byte)(1 << _random.Next(8));
                return datagram;
            case 1 when at < datagram.Length:
                datagram[at] = (byte)_random.Next(256);
                return datagram;
            case 2 when at + 1 < datagram.Length:
                BinaryPrimitives.WriteUInt16BigEndian(datagram.AsSpan(at), _extremes[_random.Next(_extremes.Length)]);
                return datagram;
            case 3:
                return _random.Next(4) == 0 ? datagram[..at] : datagram;
            case 4:
                byte[] longer = new byte[datagram.Length + _random.Next(64)];
                _random.NextBytes(longer);
                datagram.CopyTo(longer, 0);
                return longer;
            default:
                // A piece of it over another.
                int from = _random.Next(datagram.Length + 1);
                int length = Math.Min(_random.Next(32), datagram.Length - Math.Max(at, from));
                if (length > 0) datagram.AsSpan(from, length).CopyTo(datagram.AsSpan(at));
                return datagram;
        }
    }

    private static void Mend(byte[] datagram)
    {
        const int Checksum = Ip + 10;
        if (datagram.Length < Ip + Ipv4Header.MinLength || datagram[Ip] >> 4 != 4) return;
        int length = (datagram[Ip] & 0x0f) * 4;
        if (length < Ipv4Header.MinLength || Ip + length > datagram.Length) return;
        BinaryPrimitives.WriteUInt16BigEndian(datagram.AsSpan(Checksum), 0);
        BinaryPrimitives.WriteUInt16BigEndian(
            datagram.AsSpan(Checksum), InternetChecksum.Finish(InternetChecksum.Sum(datagram.AsSpan(Ip, length))));
    }
}
