"""Terms of the W3C Data Privacy Vocabulary, version 2.3, as receipts use them.

A receipt may only say what the vocabulary knows: a catalogue's own term that is not in these lists is left out, and its
broader class stands instead.

This file includes material derived from Data Privacy Vocabulary (DPV) 2.3, https://w3id.org/dpv/2.3. Copyright © 2026
World Wide Web Consortium. https://www.w3.org/copyright/software-license-2023/
"""

from consent.rules import bases

VERSION = "https://w3id.org/dpv/2.3"
SCHEMA = "https://w3id.org/dpv/schema/dpv-27560"
NAMESPACES = {
    "dpv": "https://w3id.org/dpv#",
    "pd": "https://w3id.org/dpv/pd#",
    "loc": "https://w3id.org/dpv/loc#",
    "eu-gdpr": "https://w3id.org/dpv/legal/eu/gdpr#",
    "dct": "http://purl.org/dc/terms/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "schema": "https://schema.org/",
    "tc": "urn:trustcenter:receipt:1:",
}

# The ten states of DESIGN 3, Status; `revoked` is by somebody other than the customer.
STATES = {
    "requested": "dpv:ConsentRequested",
    "deferred": "dpv:ConsentRequestDeferred",
    "refused": "dpv:ConsentRefused",
    "given": "dpv:ConsentGiven",
    "renewed": "dpv:RenewedConsentGiven",
    "withdrawn": "dpv:ConsentWithdrawn",
    # No state of DPV says that a yes stands and rests; their parent says what matters of it.
    "paused": "dpv:ConsentStatusInvalidForProcessing",
    "revoked": "dpv:ConsentRevoked",
    "expired": "dpv:ConsentExpired",
    "invalidated": "dpv:ConsentInvalidated",
    "unknown": "dpv:ConsentUnknown",
}
# The kind of consent, where a basis is consent at all.
KINDS = {bases.CONSENT: "dpv:ExpressedConsent", bases.EXPLICIT_CONSENT: "dpv:ExplicitlyExpressedConsent"}
# The basis everywhere, and the same in the words of the GDPR.
BASES = {
    bases.CONSENT: ("dpv:ExpressedConsent", "eu-gdpr:A6-1-a-non-explicit-consent"),
    bases.EXPLICIT_CONSENT: ("dpv:ExplicitlyExpressedConsent", "eu-gdpr:A6-1-a-explicit-consent"),
    bases.CONTRACT: ("dpv:ContractPerformance", "eu-gdpr:A6-1-b"),
    bases.LEGAL_OBLIGATION: ("dpv:LegalObligation", "eu-gdpr:A6-1-c"),
    bases.VITAL_INTEREST: ("dpv:VitalInterest", "eu-gdpr:A6-1-d"),
    bases.PUBLIC_INTEREST: ("dpv:PublicInterest", "eu-gdpr:A6-1-e-public-interest"),
    bases.LEGITIMATE_INTEREST: ("dpv:LegitimateInterest", "eu-gdpr:A6-1-f"),
}
SPECIAL_BASIS = "eu-gdpr:A9-2-a"
# Where these articles are law: the EU, the EEA, and the United Kingdom, which kept their numbers.
_GDPR = "EU AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK IS LI NO GB"
GDPR = frozenset(_GDPR.split())
RIGHTS = ("A13", "A15", "A16", "A17", "A18", "A20", "A77")
# Who expressed it. What staff or a browser pass on is still the customer's own word.
ACTORS = {
    "self": "dpv:DataSubject",
    "staff": "dpv:DataSubject",
    "browser": "dpv:DataSubject",
    "guardian": "dpv:GuardianOfDataSubject",
    "representative": "dpv:Representative",
    "system": "dpv:DataController",
}
# What a recipient is to the controller; every other kind is a third party.
ROLES = {"system": "dpv:DataController", "processor": "dpv:DataProcessor"}
THIRD_PARTY = "dpv:ThirdParty"

_PURPOSES = """
    AcademicResearch AccountManagement Advertising AgeVerification CombatClimateChange CommercialPurpose
    CommercialResearch CommunicationForCustomerCare CommunicationManagement CounterMoneyLaundering Counterterrorism
    CustomerCare CustomerClaimsManagement CustomerManagement CustomerOrderManagement CustomerRelationshipManagement
    CustomerSolvencyMonitoring DataAltruism DeliveryOfGoods DirectMarketing DisputeManagement EnforceAccessControl
    EnforceSecurity EstablishContractualAgreement FraudPreventionAndDetection FulfilmentOfContractualObligation
    FulfilmentOfObligation HumanResourceManagement IdentityAuthentication IdentityVerification
    ImproveExistingProductsAndServices ImproveHealthcare ImproveInternalCRMProcesses ImprovePublicServices
    ImproveTransportMobility IncreaseServiceRobustness InternalResourceOptimisation LegalCompliance
    MaintainFraudDatabase Marketing MemberPartnerManagement MisusePreventionAndDetection NonCommercialPurpose
    NonCommercialResearch OptimisationForConsumer OptimisationForController OptimiseUserInterface
    OrganisationComplianceManagement OrganisationGovernance OrganisationRiskManagement PaymentManagement
    Personalisation PersonalisedAdvertising PersonalisedBenefits PersonnelBehaviourMonitoring PersonnelHiring
    PersonnelManagement PersonnelMonitoring PersonnelOffboarding PersonnelOnboarding PersonnelPayment
    PersonnelPerformanceEvaluation PersonnelPerformanceManagement PersonnelPerformanceMonitoring
    PersonnelPerformancePrediction PersonnelPromotionManagement PersonnelTerminationManagement
    PersonnelWorkloadManagement PoliticalCampaign ProtectionOfIPR ProtectionOfNationalSecurity
    ProtectionOfPublicSecurity ProvideEventRecommendations ProvideOfficialStatistics
    ProvidePersonalisedRecommendations ProvideProductRecommendations PublicBenefit PublicPolicyMaking
    PublicRelations Purpose RecordManagement RecruitmentAdvertising RecruitmentApplicantBackgroundCheck
    RecruitmentApplicantCriminalBackgroundCheck RecruitmentApplicantInformationAuthentication
    RecruitmentApplicantSelection RecruitmentApplicationAnalysis RecruitmentApplicationManagement
    RecruitmentApplicationScreening RecruitmentInterviewAnalysis RecruitmentInterviewAssessment
    RecruitmentInterviewManagement RecruitmentInterviewScheduling RecruitmentManagement
    RecruitmentTargetedAdvertising RepairImpairments RequestedServiceProvision ResearchAndDevelopment
    RightsFulfilment ScientificResearch SearchFunctionalities Sector SellDataToThirdParties SellInsightsFromData
    SellProducts SellProductsToDataSubject ServiceAccessDetermination ServiceManagement ServiceMonitoring
    ServiceOptimisation ServicePersonalisation ServiceProvision ServiceRegistration ServiceUsageAnalytics
    SocialMediaMarketing TargetedAdvertising TechnicalServiceProvision UserInterfacePersonalisation VendorManagement
    VendorPayment VendorRecordsManagement VendorSelectionAssessment Verification
"""
PURPOSES = frozenset(_PURPOSES.split())
_PERSONAL_DATA = """
    Accent AccountIdentifier Acquaintance Age AgeExact AgeRange ApartmentOwned Association Attitude Authenticating
    AuthenticationHistory BankAccount Behavioural Biometric BirthCountry BirthDate BirthPlace BloodType
    BrowserFingerprint BrowserHistory BrowsingBehaviour BrowsingReferral CallLog CarOwned Character Citizenship City
    Communication CommunicationsMetadata Connection Contact Country Credit CreditCapacity CreditCardNumber
    CreditRecord CreditScore CreditStanding CreditWorthiness Criminal CriminalCharge CriminalConviction
    CriminalOffence CriminalPardon CurrentEmployment CurrentLocation DNACode Demeanour Demographic
    DeviceApplications DeviceBased DeviceOperatingSystem DeviceSoftware Dialect DigitalFingerprint Disability
    DisciplinaryAction Dislike Divorce Domicile DrugTestResult Education EducationExperience EducationQualification
    EducationTraining EmailAddress EmailAddressPersonal EmailAddressWork EmailContent Emotion EmploymentHistory
    EthnicOrigin Ethnicity External FacialExpression FacialPrint Family FamilyHealthHistory FamilyStructure
    Favourite FavouriteColour FavouriteFood FavouriteMusic Fetish Financial FinancialAccount FinancialAccountNumber
    FinancialStatus Fingerprint Friend GPSCoordinate Gender GeneralReputation Genetic Geographic GroupMembership
    GroupProfile HairColour Health HealthHistory HealthRecord Height Historical HomeLocation HouseNumber HouseOwned
    Household IPAddress Identifier Identifying Income IncomeBracket IndividualHealthHistory IndividualProfile
    Insurance Intention Interaction Interest Internal Job KnowledgeBelief Language LifeHistory Like LinkClicked
    LoanRecord Locality Location MACAddress MaritalStatus Marriage MedicalHealth MentalHealth Mood Name Nationality
    OfficialID Offspring Opinion Ownership PINCode Parent Passport Password PastEmployment PaymentCard
    PaymentCardExpiry PaymentCardNumber PerformanceAtWork PersonalDocuments PersonalPossession Personality
    PhilosophicalBelief PhysicalAddress PhysicalCharacteristic PhysicalHealth PhysicalTrait Picture Piercing
    PoliticalAffiliation PoliticalOpinion PostalCode Preference Prescription PrivacyPreference Proclivity
    Professional ProfessionalCertification ProfessionalEvaluation ProfessionalExperience ProfessionalInterview
    ProfessionalTraining Profile PublicLife PubliclyAvailableSocialMedia Purchase PurchasesAndSpendingHabit Race
    Reference Region Relationship Reliability Religion ReligiousBelief Residency Retina RoomNumber Salary Sale
    School SecretText ServiceConsumptionBehaviour Sexual SexualHistory SexualPreference Sibling SkinTone Social
    SocialBehaviour SocialMedia SocialMediaCommunication SocialNetwork SocialStatus Street TVViewingBehaviour Tattoo
    Tax TechnicalKnowledge TelephoneNumber Thought Tracking TradeUnionMembership Transaction Transactional
    TravelHistory UID UserAgent Username VehicalLicenseNumber VehicalLicenseRegistration Vehicle VehicleLicense
    VehicleUsage VoiceCommunicationRecording VoiceMail Vulnerability Weight WorkEnvironment WorkExperience
    WorkHistory WorkLocation
"""
PERSONAL_DATA = frozenset(_PERSONAL_DATA.split())


def purpose(term: str) -> str:
    """The term of a purpose, or the class of all purposes where DPV 2.3 has no such term."""
    return term if term.removeprefix("dpv:") in PURPOSES and term.startswith("dpv:") else "dpv:Purpose"


def personal_data(term: str) -> str:
    """The term of a data category, or the class of all personal data where DPV 2.3 has no such term."""
    return term if term.removeprefix("pd:") in PERSONAL_DATA and term.startswith("pd:") else "dpv:PersonalData"


def place(code: str) -> str:
    """The location of an ISO 3166 code, e.g. `loc:GB`."""
    return f"loc:{code}"
