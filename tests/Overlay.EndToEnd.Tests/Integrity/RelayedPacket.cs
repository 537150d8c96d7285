namespace Overlay.EndToEnd.Tests.Integrity;

/// <summary>A packet that a relay has passed on.</summary>
/// <param name="Id">Which.</param>
/// <param name="IsDamaged">Whether bits of it were flipped.</param>
internal readonly record struct RelayedPacket(PacketId Id, bool IsDamaged);
