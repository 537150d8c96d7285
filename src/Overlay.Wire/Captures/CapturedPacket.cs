namespace Overlay.Wire.Captures;

/// <summary>A packet of a capture, as long as the block that it was read from is there.</summary>
public readonly ref struct CapturedPacket
{
    /// <summary>The moment of the capture, UTC.</summary>
    public required DateTime Time { get; init; }

    /// <summary>The part of the packet that was captured.</summary>
    public required ReadOnlySpan<byte> Bytes { get; init; }

    /// <summary>Bytes of the whole packet.</summary>
    public required int Length { get; init; }

    /// <summary>Received or sent.</summary>
    public required PacketWay Way { get; init; }

    /// <summary>A text for people; empty where there is none.</summary>
    public required string Comment { get; init; }
}
