using System.Text.RegularExpressions;

namespace Overlay.EndToEnd.Tests.Shipping;

/// <summary>
/// The tree these tests were built from: what is shipped beside the programs is tested as it lies there.
/// </summary>
internal static partial class Repository
{
    public static string Root { get; } = Find();

    /// <summary>The version that every program says.</summary>
    public static string Version { get; } = VersionPrefix()
        .Match(File.ReadAllText(Path.Combine(Root, "Directory.Build.props"))).Groups[1].Value;

    private static string Find()
    {
        DirectoryInfo? directory = new(AppContext.BaseDirectory);
        while (directory is not null && !File.Exists(Path.Combine(directory.FullName, "Overlay.sln")))
            directory = directory.Parent;
        return directory?.FullName
            ?? throw new DirectoryNotFoundException($"no Overlay.sln above {AppContext.BaseDirectory}");
    }

    [GeneratedRegex("<VersionPrefix>(.*)</VersionPrefix>")]
    private static partial Regex VersionPrefix();
}
