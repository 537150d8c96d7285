using FsCheck;
using FsCheck.Fluent;

namespace Overlay.Wire.Tests;

/// <summary>
/// What every header view promises. A header's own class brings its bytes, and adds what is its alone.
/// </summary>
public abstract class HeaderContract
{
    /// <summary>
    /// Bytes that parse, none of which may be missing: up to where the header or its length field says it ends.
    /// </summary>
    protected abstract byte[] Whole { get; }

    /// <summary>What <see cref="Write"/> has to make: a header without options.</summary>
    protected abstract byte[] Written { get; }

    protected abstract void Write(Span<byte> destination);

    /// <summary>Parses, and reads through every getter if that succeeds.</summary>
    protected abstract bool TryReadAll(ReadOnlySpan<byte> bytes);

    // Two fills, the complements of each other: a bit left unset shows in one of them whatever it should have been.
    [Theory]
    [InlineData(0xa5)]
    [InlineData(0x5a)]
    public void Known_values_become_the_known_bytes_and_nothing_beyond_the_header_is_touched(byte fill)
    {
        byte[] buffer = new byte[Written.Length + 64];
        Array.Fill(buffer, fill);

        Write(buffer);

        buffer[..Written.Length].ShouldBe(Written);
        buffer[Written.Length..].ShouldAllBe(b => b == fill);
    }

    [Fact]
    public void Writing_into_fewer_bytes_than_the_header_has_is_refused()
    {
        for (int length = 0; length < Written.Length; length++)
        {
            byte[] buffer = new byte[length];
            Should.Throw<ArgumentOutOfRangeException>(() => Write(buffer), $"{length} bytes");
        }

        Write(new byte[Written.Length]);
    }

    [Fact]
    public void Every_truncation_is_refused()
    {
        for (int length = 0; length < Whole.Length; length++)
            TryReadAll(Whole.AsSpan(0, length)).ShouldBeFalse($"{length} of {Whole.Length} bytes");

        TryReadAll(Whole).ShouldBeTrue();
    }

    [Fact]
    public void No_getter_throws_on_any_bytes_that_parse()
    {
        int parsed = 0;
        Prop.ForAll(Damaged(Whole).ToArbitrary(), bytes => { parsed += TryReadAll(bytes) ? 1 : 0; })
            .Check(Config.QuickThrowOnFailure.WithMaxTest(2_000).WithQuietOnSuccess(true));

        // Bytes that never parse would prove nothing.
        parsed.ShouldBeGreaterThan(100);
    }

    /// <summary>
    /// The known bytes, longer or shorter, some of the first 64 overwritten; random bytes alone would hardly ever
    /// parse.
    /// </summary>
    private static Gen<byte[]> Damaged(byte[] whole)
    {
        Gen<byte> noise = Gen.Choose(0, 255).Select(value => (byte)value);
        return
            from tail in noise.ArrayOf(80)
            from length in Gen.Choose(0, whole.Length + tail.Length)
            from keepsLength in Gen.Elements(true, true, false)
            from edits in Gen.Choose(0, 63).Zip(noise).ListOf()
            from kept in Gen.Choose(0, 6)
            select Damage([.. whole, .. tail], keepsLength ? whole.Length + tail.Length : length, edits.Take(kept));

        static byte[] Damage(byte[] bytes, int length, IEnumerable<(int At, byte Value)> edits)
        {
            foreach ((int at, byte value) in edits) bytes[Math.Min(at, bytes.Length - 1)] = value;
            return bytes[..length];
        }
    }
}
