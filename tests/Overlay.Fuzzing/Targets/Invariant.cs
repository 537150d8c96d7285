using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Overlay.Fuzzing.Targets;

/// <summary>Statements that hold for every input.</summary>
internal static class Invariant
{
    /// <param name="holds">The statement.</param>
    /// <param name="statement">The statement in words, or its own code.</param>
    /// <exception cref="BrokenInvariantException">It does not hold.</exception>
    public static void Holds(
        [DoesNotReturnIf(false)] bool holds, [CallerArgumentExpression(nameof(holds))] string statement = "")
    {
        if (!holds) throw new BrokenInvariantException(statement);
    }

    /// <summary>Two spans of bytes are the same; texts are made for a failure alone.</summary>
    /// <exception cref="BrokenInvariantException">They differ.</exception>
    public static void Same(ReadOnlySpan<byte> actual, ReadOnlySpan<byte> expected, string what)
    {
        if (!actual.SequenceEqual(expected))
            throw new BrokenInvariantException(
                $"{what} is {Convert.ToHexStringLower(actual)}, not {Convert.ToHexStringLower(expected)}");
    }
}

/// <summary>A statement that holds for every input does not hold for this one.</summary>
internal sealed class BrokenInvariantException(string statement) : Exception($"does not hold: {statement}");
