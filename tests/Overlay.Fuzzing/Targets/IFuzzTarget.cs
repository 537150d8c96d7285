namespace Overlay.Fuzzing.Targets;

/// <summary>
/// A way that bytes of others take into the product, with all that has to hold for whatever they are.
/// </summary>
/// <remarks>
/// One thread executes. A target is made once and used for millions of inputs, as the product's parts are.
/// </remarks>
internal interface IFuzzTarget
{
    /// <summary>The name on command lines, and of the corpus's directory.</summary>
    string Name { get; }

    /// <summary>Sound inputs to begin with, each under a name of its own.</summary>
    IEnumerable<Seed> Seeds { get; }

    /// <summary>Runs the product on an input.</summary>
    /// <param name="input">Anything.</param>
    /// <exception cref="BrokenInvariantException">The product has done what it never may.</exception>
    /// <remarks>Any other exception is one that the product's own caller would not catch.</remarks>
    void Execute(ReadOnlySpan<byte> input);
}

/// <summary>An input that a corpus begins with.</summary>
/// <param name="Name">The file's.</param>
/// <param name="Input">Its bytes.</param>
internal sealed record Seed(string Name, byte[] Input);
