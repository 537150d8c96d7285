namespace Overlay.Wire.Tests;

internal static class Hex
{
    /// <summary>The bytes of a hex dump; white space is for the reader.</summary>
    public static byte[] Bytes(string dump) =>
        Convert.FromHexString(string.Concat(dump.Where(c => !char.IsWhiteSpace(c))));
}
