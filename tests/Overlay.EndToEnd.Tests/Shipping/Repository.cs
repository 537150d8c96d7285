using System.Text.RegularExpressions;
using Overlay.Testing;

namespace Overlay.EndToEnd.Tests.Shipping;

/// <summary>
/// The tree these tests were built from: what is shipped beside the programs is tested as it lies there.
/// </summary>
internal static partial class Repository
{
    public static string Root => SourceTree.Root;

    /// <summary>The version that every program says.</summary>
    public static string Version { get; } = VersionPrefix()
        .Match(File.ReadAllText(Path.Combine(Root, "Directory.Build.props"))).Groups[1].Value;

    [GeneratedRegex("<VersionPrefix>(.*)</VersionPrefix>")]
    private static partial Regex VersionPrefix();
}
