namespace Overlay.Dataplane.Ebpf.Loading;

/// <summary>A program as the object has it: instructions, and which of them load a map.</summary>
/// <param name="Name">The function's name.</param>
/// <param name="Instructions">Of 8 bytes each, in host byte order.</param>
/// <param name="MapLoads">Byte offset of an instruction, and the map whose descriptor belongs into it.</param>
public sealed record ProgramImage(
    string Name, ReadOnlyMemory<byte> Instructions, IReadOnlyList<(int Offset, string Map)> MapLoads)
{
    private const int InstructionLength = 8;

    /// <summary>Instructions, of which a load of a map counts as two.</summary>
    public int Count => Instructions.Length / InstructionLength;
}
