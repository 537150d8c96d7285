using System.Security;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Overlay.Lab.Processes;

namespace Overlay.Architecture.Tests;

/// <summary>
/// A restore of all packages that are pinned, with those that they bring, which asks the registries that this machine
/// uses for advisories.
/// </summary>
internal static partial class DependencyAudit
{
    // NU1900: a registry does not answer. NU1905: it has no advisories. NU1901 to NU1904: low to critical.
    private static readonly string[] _unanswered = ["NU1900", "NU1905"];

    private static readonly TimeSpan _limit = TimeSpan.FromMinutes(2);

    private static readonly Lazy<string[]> _lines = new(Run);

    /// <summary>Why there is no audit; null where there is one.</summary>
    public static string? Obstacle => Findings.Any() ? null : _lines.Value.FirstOrDefault(IsUnanswered);

    /// <summary>Packages with an advisory, and whatever else a restore has to complain of.</summary>
    public static IEnumerable<string> Findings => _lines.Value.Where(static line => !IsUnanswered(line));

    private static bool IsUnanswered(string line) =>
        _unanswered.Any(code => line.StartsWith(code, StringComparison.Ordinal));

    private static string[] Run()
    {
        string directory = Directory.CreateTempSubdirectory("overlay-audit-").FullName;
        try
        {
            File.WriteAllText(Path.Combine(directory, "nuget.config"), Sources());
            File.WriteAllText(Path.Combine(directory, "audit.csproj"), Project());
            CommandResult restore = Command.Run(
                _limit, "dotnet", ["restore", Path.Combine(directory, "audit.csproj"), "--nologo"]);
            string[] lines = [.. Warning().Matches(restore.Output).Select(static match => match.Value).Distinct()];
            return restore.Succeeded || lines.Length > 0 ? lines : [restore.Output + restore.Error];
        }
        catch (TimeoutException exception)
        {
            return [$"NU1900: {exception.Message}"];
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    // Registries that packages come from are asked without a word where they have no advisories; these have to say so.
    private static string Sources()
    {
        IEnumerable<string> urls = Command.Require("dotnet", "nuget", "list", "source", "--format", "short").Split('\n')
            .Where(static line => line.StartsWith("E ", StringComparison.Ordinal))
            .Select(static line => line[2..].Trim()).Where(static url => url.Contains("://", StringComparison.Ordinal));
        return "<configuration><auditSources><clear />"
            + string.Concat(urls.Select(
                static (url, i) => $"<add key=\"{i}\" value=\"{SecurityElement.Escape(url)}\" />"))
            + "</auditSources></configuration>";
    }

    private static string Project() => """
        <Project Sdk="Microsoft.NET.Sdk">
          <PropertyGroup>
            <TargetFramework>net10.0</TargetFramework>
            <NuGetAudit>true</NuGetAudit>
            <NuGetAuditMode>all</NuGetAuditMode>
            <NuGetAuditLevel>low</NuGetAuditLevel>
          </PropertyGroup>
          <ItemGroup>
        """ + string.Concat(
            XDocument.Load(Path.Combine(Document.Root, "Directory.Packages.props")).Descendants("PackageVersion")
                .Select(static package => $"<PackageReference Include=\"{(string?)package.Attribute("Include")}\" "
                    + $"Version=\"{(string?)package.Attribute("Version")}\" />\n")) + "</ItemGroup></Project>";

    [GeneratedRegex("NU[0-9]{4}: .*")]
    private static partial Regex Warning();
}
