namespace Overlay.Cni.Protocol;

/// <summary>Versions of the CNI specification this plugin speaks: all that were released.</summary>
internal static class CniVersion
{
    public const string V010 = "0.1.0";
    public const string V030 = "0.3.0";
    public const string V031 = "0.3.1";
    public const string V040 = "0.4.0";
    public const string V100 = "1.0.0";
    public const string V110 = "1.1.0";

    /// <summary>In rising order.</summary>
    public static IReadOnlyList<string> Supported { get; } = [V010, "0.2.0", V030, V031, V040, V100, V110];

    /// <summary>True when one supported version is another or comes after it.</summary>
    public static bool IsAtLeast(string version, string other) => Rank(version) >= Rank(other);

    /// <exception cref="CniException">Code 1: not supported; the message names those that are.</exception>
    public static void Require(string version)
    {
        if (Rank(version) < 0)
        {
            throw new CniException(
                CniErrorCode.IncompatibleVersion,
                $"cniVersion '{version}' is not supported; supported are {string.Join(", ", Supported)}");
        }
    }

    private static int Rank(string version)
    {
        for (int i = 0; i < Supported.Count; i++)
        {
            if (Supported[i] == version) return i;
        }

        return -1;
    }
}
